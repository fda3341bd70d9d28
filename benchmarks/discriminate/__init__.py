"""Earthquake or blast across regions: ensembles, transfer, learning curves, beside a forest on P/S ratios."""
