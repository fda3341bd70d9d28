"""Experiments, scores and committed results."""
