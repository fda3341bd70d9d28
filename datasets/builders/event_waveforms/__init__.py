"""The TFDS builder of one's own waveform files with an event table."""
