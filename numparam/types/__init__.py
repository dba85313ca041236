"""Dtypes, storage types, device types and shapes, and the numbers MXNet gives them."""
