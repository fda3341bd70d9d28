"""Models of earthquake catalogues, baselines included."""
