"""`foreshock benchmark seismic-cycle`: the published networks on the same records, and from station to station."""
