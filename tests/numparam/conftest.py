"""The devices that the suites of the API run on.

On Numba's simulator, ``NUMBA_ENABLE_CUDASIM=1``, that is a GPU alone, with a stand-in for CuPy.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import pytest

from numparam.kernels.cuda import _provider
from tests.support.opaque import OpaqueBackend, opaque_device
from tests.support.simulated_gpu import simulated_gpus


class Device(NamedTuple):
    """Where ``cpu`` arrays are during a test.

    Attributes
    ----------
    name : str
        ``"cpu"``: in host memory. ``"opaque"``: on a device that the host cannot touch.
        ``"cuda"``: on a simulated GPU.
    backends : dict
        The opaque device's backends by number; they have a list of ``calls``.
    """

    name: str
    backends: dict[int, OpaqueBackend]

    @property
    def calls(self) -> list[str]:
        """What the opaque device was asked for, on all its numbers."""
        return [call for backend in self.backends.values() for call in backend.calls]


@pytest.fixture(params=["cuda"] if _provider.simulated() else ["cpu", "opaque"])
def device(request: pytest.FixtureRequest) -> Iterator[Device]:
    """Run the test on the host, and on a device whose buffers cannot be touched from it."""
    if request.param == "cpu":
        yield Device("cpu", {})
    elif request.param == "cuda":
        with simulated_gpus("cpu"):
            yield Device("cuda", {})
    else:
        with opaque_device("cpu") as backends:
            yield Device("opaque", backends)


@pytest.fixture
def opaque() -> Iterator[Device]:
    """Run the test with ``cpu`` arrays on the device that the host cannot touch."""
    with opaque_device("cpu") as backends:
        yield Device("opaque", backends)
