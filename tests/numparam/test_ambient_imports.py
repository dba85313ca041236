import subprocess
import sys

import pytest

MODULES = [
    "numparam.attribute",
    "numparam.recording.scopes",
    "numparam.base",
    "numparam.context",
    "numparam.types.dtypes",
    "numparam.name",
    "numparam.modes.np_mode",
    "numparam.types.shapes",
    "numparam.symbol",
    "numparam.modes.np_decorators",
    "numparam.util",
]


@pytest.mark.parametrize("optimize", [[], ["-O"]], ids=["plain", "optimized"])
def test_ambient_modules_import_no_compiler_and_work(optimize):
    program = f"""
import importlib, sys
for module in {MODULES!r}:
    importlib.import_module(module)
from numparam.context import gpu, current_context
from numparam.types.shapes import shape_is_known
from numparam.symbol import var
with gpu(1):
    var("w", shape=(2, 3), dtype="float16").tojson()
    str(current_context())
try:
    shape_is_known((-2,))
except AssertionError:
    pass
else:
    sys.exit("no error")
heavy = {{"numba", "llvmlite", "torch", "cupy", "jax", "scipy"}} & set(sys.modules)
sys.exit(f"imported {{heavy}}" if heavy else 0)
"""
    done = subprocess.run(
        [sys.executable, *optimize, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
