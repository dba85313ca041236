"""Cases for files: the 299 arrays of ResNet-50, in files that are in memory where possible."""

from __future__ import annotations

import math
import pathlib
import tempfile

import numpy as np

import numparam as mx
from cases.aims import at_most_times_baseline
from cases.case import Case
from cases.inputs import parameters
from cases.prepared import Prepared
from cases.resnet50 import resnet50_shapes
from competitors.competitors import Competitors

_SHAPES = resnet50_shapes()
_NBYTES = 4 * sum(math.prod(shape) for shape in _SHAPES)

_folders: list[tempfile.TemporaryDirectory] = []


def _folder() -> pathlib.Path:
    """Return a new folder, in memory where the machine has /dev/shm; removed at exit."""
    shared = pathlib.Path("/dev/shm")
    _folders.append(tempfile.TemporaryDirectory(dir=shared if shared.is_dir() else None))
    return pathlib.Path(_folders[-1].name)


def _free_folders() -> None:
    """Remove the files of earlier cases, which occupy memory."""
    while _folders:
        _folders.pop().cleanup()


def _arrays() -> dict[str, mx.nd.NDArray]:
    return {f"array{i}": mx.nd.full(shape, i) for i, shape in enumerate(_SHAPES)}


def _add_writers(
    prepared: Prepared, competitors: Competitors, place: pathlib.Path
) -> dict[str, np.ndarray]:
    """Add `write()` of one block of bytes, `numpy.savez` and `torch.save`."""
    content = bytes(_NBYTES)
    prepared.add("baseline", lambda: (place / "plain").write_bytes(content))
    hosts = {f"array{i}": np.full(shape, i, np.float32) for i, shape in enumerate(_SHAPES)}
    prepared.add("numpy", lambda: np.savez(place / "arrays.npz", **hosts))
    torch = competitors.torch
    if torch is not None:
        tensors = {name: torch.from_numpy(host) for name, host in hosts.items()}
        prepared.add("torch", lambda: torch.save(tensors, place / "tensors.pt"))
    return hosts


def save(competitors: Competitors) -> Prepared:
    _free_folders()
    place, arrays = _folder(), _arrays()
    prepared = Prepared(
        lambda: mx.nd.save(place / "own.params", arrays),
        _NBYTES,
        (at_most_times_baseline(1.25),),
    )
    _add_writers(prepared, competitors, place)
    arguments = {"path": str(place / "mxnet.params"), "shapes": _SHAPES}
    prepared.add_timed("mxnet", competitors.in_mxnet("save", **arguments))
    return prepared


def save_parameters(competitors: Competitors) -> Prepared:
    _free_folders()
    place, made = _folder(), parameters(_SHAPES, grad_req="null")
    prepared = Prepared(
        lambda: made.save(place / "own.params"), _NBYTES, (at_most_times_baseline(1.25),)
    )
    _add_writers(prepared, competitors, place)
    arguments = {"path": str(place / "mxnet.params"), "shapes": _SHAPES}
    prepared.add_timed("mxnet", competitors.in_mxnet("save_parameters", **arguments))
    return prepared


def _add_readers(
    prepared: Prepared, competitors: Competitors, place: pathlib.Path, path: pathlib.Path
) -> None:
    """Add `readinto()` warm memory, `numpy.load` and `torch.load`."""
    warm = np.ones(path.stat().st_size, np.uint8)

    def read() -> None:
        with path.open("rb", buffering=0) as file:
            file.readinto(warm)

    prepared.add("baseline", read)
    hosts = {f"array{i}": np.full(shape, i, np.float32) for i, shape in enumerate(_SHAPES)}
    np.savez(place / "arrays.npz", **hosts)

    def numpy_load() -> None:
        with np.load(place / "arrays.npz") as file:
            for name in file.files:
                file[name]

    prepared.add("numpy", numpy_load)
    torch = competitors.torch
    if torch is not None:
        tensors = {name: torch.from_numpy(host) for name, host in hosts.items()}
        torch.save(tensors, place / "tensors.pt")
        prepared.add("torch", lambda: torch.load(place / "tensors.pt"))


def load(competitors: Competitors) -> Prepared:
    _free_folders()
    place = _folder()
    path = place / "own.params"
    mx.nd.save(path, _arrays())
    prepared = Prepared(lambda: mx.nd.load(path), _NBYTES, (at_most_times_baseline(1.3),))
    _add_readers(prepared, competitors, place, path)
    prepared.add_timed("mxnet", competitors.in_mxnet("load", path=str(path)))
    return prepared


def load_parameters(competitors: Competitors) -> Prepared:
    _free_folders()
    place, made = _folder(), parameters(_SHAPES, grad_req="null")
    path = place / "own.params"
    made.save(path)
    prepared = Prepared(lambda: made.load(path), _NBYTES, (at_most_times_baseline(1.2),))
    _add_readers(prepared, competitors, place, path)
    arguments = {"path": str(place / "mxnet.params"), "shapes": _SHAPES}
    prepared.add_timed("mxnet", competitors.in_mxnet("load_parameters", **arguments))
    return prepared


CASES = [
    Case("nd.save of ResNet-50's 299 arrays", save, seconds=8),
    Case("nd.load of ResNet-50's 299 arrays", load, seconds=8),
    Case("ParameterDict.save of ResNet-50", save_parameters, seconds=8),
    Case("ParameterDict.load of ResNet-50", load_parameters, seconds=8),
]
