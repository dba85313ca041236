"""The comparison of numparam with NumPy, PyTorch, MXNet, C loops and other versions of itself."""
