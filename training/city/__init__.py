"""Training of a city's forecast: whether an earthquake comes within a circle, day by day."""
