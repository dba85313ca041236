"""Benchmarks for airspeed velocity; each `setup` calls once, so that nothing compiles later."""
