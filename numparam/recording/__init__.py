"""Recording of operations, which both `autograd` and arrays need: scopes, errors, backward."""
