"""Models of seismograms."""
