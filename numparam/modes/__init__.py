"""Thread-local modes of the API, and the scopes that set them."""
