"""Airspeed velocity's benchmarks: one for each module of ``cases``, with its cases as parameters.

``asv run --bench "mean of"`` runs the cases whose names match.
"""

import pathlib
import sys

# asv makes this package importable, but not what lies beside it.
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
