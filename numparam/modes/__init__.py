"""Switches that each thread has for itself."""
