"""Modes of the API, which each thread has for itself, and the scopes that set them."""
