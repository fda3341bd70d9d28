"""SavedModel, ONNX and serving."""
