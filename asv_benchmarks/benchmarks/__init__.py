"""Benchmarks of numparam for airspeed velocity; each `setup` calls once, so nothing compiles later."""
