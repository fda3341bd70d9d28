"""The TFDS builder of the simulated seismic cycle."""
