"""Recording of operations, which `autograd` and arrays share: scopes, tape, errors."""
