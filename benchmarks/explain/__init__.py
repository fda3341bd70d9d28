"""The explanation benchmark: SHAP maps put to tests that they can fail."""
