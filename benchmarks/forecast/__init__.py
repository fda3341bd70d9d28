"""The court for forecasts: one table, its tests and its pictures."""
