"""Waveform models: their data, training and scores."""
