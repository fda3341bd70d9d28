"""The TFDS data set earthquake_catalog: sparse day maps of a region's events."""
