"""The TFDS builder of any data set in SeisBench's format."""
