"""Download catalogues from FDSN event services: split, retried, resumed, with a manifest."""
