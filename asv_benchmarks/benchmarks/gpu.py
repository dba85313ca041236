"""The cases of a GPU; without one they are left out."""

from __future__ import annotations

from cases.gpu import cases
from numparam.kernels.cuda import _memory, _provider

_CASES = {case.name: case for case in cases()}


class Gpu:
    """Times the cases of `cases.gpu`, until the GPU is done."""

    params = list(_CASES)
    param_names = ["case"]

    def setup(self, name):
        if not _provider.device_count():
            raise NotImplementedError("needs a CUDA GPU")  # asv leaves the case out
        self.call = _CASES[name].prepare(False, None).call
        self.call()  # compiles

    def time_case(self, name):
        self.call()
        _memory.synchronize()
