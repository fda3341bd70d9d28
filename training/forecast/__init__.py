"""Forecasters: cases, fits, the court that scores them, and their training."""
