"""What each kernel means, in a few lines of NumPy: the oracle of the other backends."""
