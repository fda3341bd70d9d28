"""The TFDS builder of the simulated blasts and earthquakes."""
