"""The named models: cards, weights, networks, baselines, explanations."""
