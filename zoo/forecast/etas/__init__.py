"""Space-time ETAS: likelihood, estimation, declustering, forecast."""
