"""What numparam is compared with: C loops, PyTorch, and MXNet in a process of its own."""
