"""Leak controls of classifiers: what a model scores where an honest one has nothing to go by."""
