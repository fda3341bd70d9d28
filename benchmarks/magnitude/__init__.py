"""Magnitude from one record: the published forest, boosting and a small network, split by event."""
