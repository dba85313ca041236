"""Where memory is and what computes on it."""
