"""Keras layers written with keras.ops."""
