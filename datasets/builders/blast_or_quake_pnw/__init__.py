"""The TFDS builder of the earthquakes and explosions of the Pacific Northwest."""
