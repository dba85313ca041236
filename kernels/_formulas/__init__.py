"""The step of each optimizer for one element: plain Python, which backends compile."""
