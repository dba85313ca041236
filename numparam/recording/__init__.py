"""What `autograd` and arrays both need: the scopes of recording, and backward."""
