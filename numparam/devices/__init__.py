"""Devices: memory, and the backends that compute on it."""
