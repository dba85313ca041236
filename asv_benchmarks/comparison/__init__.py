"""The comparison of numparam with NumPy, PyTorch, MXNet and the limit of the machine."""
