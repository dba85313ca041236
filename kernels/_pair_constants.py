"""Constants of the sums in pairs of float64, shared by all backends."""

HUGE = 2.0**990  # a sum beyond it is computed again, on sources scaled by DOWN
DOWN = 2.0**-64
SPLIT = 2.0**27 + 1  # splits a float64 into two halves whose products are exact (Dekker)
