"""What one step of each optimizer does to one element: plain Python, which backends compile."""
