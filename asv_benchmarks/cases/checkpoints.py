"""Cases for arithmetic of checkpoints: two files with the arrays of ResNet-50."""

from __future__ import annotations

import math
import pathlib
import tempfile
from collections.abc import Callable

import numpy as np

import numparam as mx
from cases.aims import at_most_times_baseline
from cases.case import Case
from cases.prepared import Prepared
from cases.resnet50 import resnet50_shapes
from competitors.competitors import Competitors

_SHAPES = resnet50_shapes()
_NBYTES = 4 * sum(math.prod(shape) for shape in _SHAPES)


def _copy_of(paths: list[pathlib.Path], target: pathlib.Path) -> Callable[[], None]:
    """Return what `cat` does: the copying of files into one, in buffers of 128 KiB."""
    buffer = memoryview(bytearray(1 << 17))

    def copy() -> None:
        with target.open("wb", buffering=0) as written:
            for path in paths:
                with path.open("rb", buffering=0) as read:
                    while count := read.readinto(buffer):
                        written.write(buffer[:count])

    return copy


def _over_two_files(operation: Callable[[list[pathlib.Path], pathlib.Path], object]) -> Prepared:
    """Prepare an operation over two files of the same arrays with other values."""
    shared = pathlib.Path("/dev/shm")
    folder = tempfile.TemporaryDirectory(dir=shared if shared.is_dir() else None)
    place = pathlib.Path(folder.name)
    paths = [place / f"{number}.params" for number in range(2)]
    generator = np.random.default_rng(0)
    for path in paths:
        drawn = (generator.standard_normal(shape, np.float32) for shape in _SHAPES)
        mx.nd.save(path, {f"array{i}": mx.nd.array(array) for i, array in enumerate(drawn)})
    prepared = Prepared(
        # The folder is removed with the last reference to it.
        lambda: operation(paths, pathlib.Path(folder.name) / "own.params"),
        2 * _NBYTES,
        (at_most_times_baseline(1.43),),
    )
    prepared.add("baseline", _copy_of(paths, place / "plain"))
    return prepared


def mean(competitors: Competitors) -> Prepared:
    return _over_two_files(lambda paths, target: mx.Checkpoint.mean(paths).save(target))


def weighted_mean(competitors: Competitors) -> Prepared:
    return _over_two_files(
        lambda paths, target: mx.Checkpoint.mean(paths, weights=[1, 2]).save(target)
    )


def diff(competitors: Competitors) -> Prepared:
    return _over_two_files(lambda paths, target: mx.Checkpoint(paths[0]).diff(paths[1]))


CASES = [
    Case("Checkpoint.mean of two ResNet-50 files", mean, seconds=8),
    Case("Checkpoint.mean with weights", weighted_mean, seconds=8),
    Case("Checkpoint.diff of two ResNet-50 files", diff, seconds=8),
]
