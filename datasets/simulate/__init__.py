"""Catalogues and records with a known truth."""
