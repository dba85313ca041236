"""Each kernel in a few lines of NumPy: the reference that the other backends are tested against."""
