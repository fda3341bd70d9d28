"""Explanations: SHAP values of every kind of model, with axes, units and their additivity error."""
