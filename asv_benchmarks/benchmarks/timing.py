"""The cases that run inside of one process."""

from __future__ import annotations

import hashlib
import inspect
from types import ModuleType

from cases import arrays, calls, checkpoints, files, kernels, parameters, sparse, tape, training
from competitors.competitors import Competitors


def _version(module: ModuleType) -> str:
    """Return a hash of the cases' source: asv compares results of equal versions only."""
    return hashlib.sha256(inspect.getsource(module).encode()).hexdigest()


class _Cases:
    """Times the cases of `module`."""

    module: ModuleType
    param_names = ["case"]

    def setup(self, name):
        (case,) = (case for case in self.module.CASES if case.name == name)
        self.call = case.prepare(Competitors()).call
        self.call()  # compiles

    def time_case(self, name):
        self.call()


class Arrays(_Cases):
    module = arrays
    params = [case.name for case in arrays.CASES]
    version = _version(arrays)


class Calls(_Cases):
    module = calls
    params = [case.name for case in calls.CASES]
    version = _version(calls)


class Checkpoints(_Cases):
    module = checkpoints
    params = [case.name for case in checkpoints.CASES]
    version = _version(checkpoints)


class Files(_Cases):
    module = files
    params = [case.name for case in files.CASES]
    version = _version(files)


class Kernels(_Cases):
    module = kernels
    params = [case.name for case in kernels.CASES]
    version = _version(kernels)


class Parameters(_Cases):
    module = parameters
    params = [case.name for case in parameters.CASES]
    version = _version(parameters)


class Sparse(_Cases):
    module = sparse
    params = [case.name for case in sparse.CASES]
    version = _version(sparse)


class Tape(_Cases):
    module = tape
    params = [case.name for case in tape.CASES]
    version = _version(tape)


class Training(_Cases):
    module = training
    params = [case.name for case in training.CASES]
    version = _version(training)
