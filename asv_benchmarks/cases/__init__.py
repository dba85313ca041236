"""What is timed: one set of cases for airspeed velocity and for the comparison.

Each module has a list `CASES`. The modules use public names of numparam only, since ``compare.py
--against`` runs them with other versions of it too.
"""
