"""float16 where the processor target has no instructions for it: the bits that they would make.

Those are NumPy's, but for signalling NaN, which become quiet.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import textwrap

import pytest

TARGETS = pytest.mark.parametrize(
    "target",
    [
        pytest.param({"NUMBA_CPU_NAME": "generic"}, id="generic"),
        pytest.param(
            {"NUMBA_CPU_FEATURES": "-f16c"},
            id="without-f16c",
            marks=pytest.mark.skipif(
                platform.machine() not in ("x86_64", "AMD64"), reason="F16C belongs to x86-64"
            ),
        ),
    ],
)


def run(script: str, target: dict[str, str], cache: os.PathLike) -> str:
    """Run a script whose kernels are compiled for a target."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **target}
    environment["NUMBA_CACHE_DIR"] = os.fspath(cache)
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        env=environment, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, (done.returncode, done.stderr)
    return done.stdout


CONVERSIONS = """
    import numpy as np
    from numparam.kernels.cpu import cast

    def quiet(bits):
        return np.where(np.isnan(bits.view(np.float32)), bits | np.uint32(0x400000), bits)

    halves = np.arange(1 << 16, dtype=np.uint16)
    expected = quiet(halves.view(np.float16).astype(np.float32).view(np.uint32))
    assert np.array_equal(
        cast.cast(halves.view(np.float16), np.float32).view(np.uint32), expected)

    # Every float16, the middle between each two, the neighbours of both, and NaN payloads.
    exact = expected.astype(np.int64)
    near = [exact + offset for offset in (-1, 0, 1, 0xFFF, 0x1000, 0x1001)]
    rest = np.arange(0, 1 << 32, 10007)
    empty = [0x7F800001, 0xFF801FFF]  # NaN whose upper bits are those of an infinity
    bits = np.concatenate([*near, rest, empty]).astype(np.uint32)
    with np.errstate(all="ignore"):
        expected = quiet(bits).view(np.float32).astype(np.float16).view(np.uint16)
    got = cast.cast(bits.view(np.float32), np.float16).view(np.uint16)
    assert np.array_equal(got, expected), bits[got != expected][:5]
"""


@TARGETS
def test_conversions_without_float16_instructions_have_the_bits_of_numpy(target, tmp_path):
    run(CONVERSIONS, target, tmp_path)


def test_conversions_with_float16_instructions_have_the_same_bits(tmp_path):
    run(CONVERSIONS, {}, tmp_path)


KERNELS = """
    import importlib
    STEPS = {("sgd", "dense"), ("sgd", "rows")}
    from tests.support.parity import INPUTS, compare

    for (operation, name), inputs in INPUTS.items():
        # Other optimizers, other steps, and what is made of these, load and store as these do.
        if (operation, "catch_up") in INPUTS and (operation, name) not in STEPS:
            continue
        if operation in ("average_many", "merge_many"):
            continue
        function, reference = (
            getattr(importlib.import_module(f"numparam.kernels.{backend}.{operation}"), name)
            for backend in ("cpu", "reference"))
        for arguments in inputs("float16", 2049):
            compare(function, reference, arguments)
"""


def test_float16_kernels_run_without_float16_instructions(tmp_path):
    run(KERNELS, {"NUMBA_CPU_NAME": "generic"}, tmp_path)


SHARED = """
    import numpy as np
    from numparam.kernels.cpu import cast
    call = cast._convert_pieces("float16-float32")
    assert cast.cast(np.float16([1.5]), np.float32).tolist() == [1.5]
    print("hits", sum(call.stats.cache_hits.values()))
"""


def test_code_of_one_target_is_never_run_for_another(tmp_path):
    generic = {"NUMBA_CPU_NAME": "generic"}
    assert "hits 0" in run(SHARED, generic, tmp_path)
    assert "hits 0" in run(SHARED, {}, tmp_path)
    assert "hits 1" in run(SHARED, generic, tmp_path)
