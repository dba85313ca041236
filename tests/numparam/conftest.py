"""The devices that the suites of the API run on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import pytest

from tests.support.opaque import OpaqueBackend, opaque_device


class Device(NamedTuple):
    """Where ``cpu`` arrays are during a test.

    Attributes
    ----------
    name : str
        ``"cpu"``: in host memory. ``"opaque"``: on a device that the host cannot touch.
    backends : dict
        The opaque device's backends by number; they have a list of ``calls``.
    """

    name: str
    backends: dict[int, OpaqueBackend]

    @property
    def calls(self) -> list[str]:
        """What the opaque device was asked for, on all its numbers."""
        return [call for backend in self.backends.values() for call in backend.calls]


@pytest.fixture(params=["cpu", "opaque"])
def device(request: pytest.FixtureRequest) -> Iterator[Device]:
    """Run the test on the host, and on a device whose buffers cannot be touched from it."""
    if request.param == "cpu":
        yield Device("cpu", {})
    else:
        with opaque_device("cpu") as backends:
            yield Device("opaque", backends)


@pytest.fixture
def opaque() -> Iterator[Device]:
    """Run the test with ``cpu`` arrays on the device that the host cannot touch."""
    with opaque_device("cpu") as backends:
        yield Device("opaque", backends)
