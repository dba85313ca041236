"""Files of arrays as one lazy object, whatever their format: `Checkpoint`."""

from numparam._missing import show_public_names
from numparam.checkpoint.checkpoint import Checkpoint
from numparam.checkpoint.comparison import Difference
from numparam.checkpoint.errors import (
    CheckpointMismatchError,
    CheckpointPlanError,
    MissingArrayError,
)

__all__ = [
    "Checkpoint",
    "CheckpointMismatchError",
    "CheckpointPlanError",
    "Difference",
    "MissingArrayError",
]


show_public_names(__name__)
