"""``sys.modules["mxnet"] = numparam``: code that says ``import mxnet`` gets numparam's modules."""

from __future__ import annotations

import subprocess
import sys

import numparam

SCRIPT = """
import sys
import numparam
sys.modules["mxnet"] = numparam

import mxnet as mx
import mxnet.gluon.parameter as parameter
import mxnet.ndarray.sparse
from mxnet import nd
from mxnet.base import MXNetError
from mxnet.context import Context
from mxnet.test_utils import default_context

assert mx is numparam
assert MXNetError is numparam.MXNetError and Context is numparam.Context
assert parameter.Parameter is numparam.gluon.Parameter and nd is numparam.ndarray
for name, module in list(sys.modules.items()):
    if name.startswith("mxnet."):
        own = name.replace("mxnet", "numparam")
        assert module is sys.modules[own] and module.__name__ == module.__spec__.name == own, name
with mx.cpu(3):
    assert default_context() == Context("cpu", 3)
try:
    import mxnet.types.nothing
except ModuleNotFoundError as error:
    assert error.name == "mxnet.types.nothing", error.name
else:
    sys.exit("no error")
"""


def test_modules_are_the_same_under_both_names():
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_the_finder_is_there_once_and_leaves_other_packages_alone():
    numparam._other_name.find_by_any_name()
    finders = [f for f in sys.meta_path if type(f).__module__ == "numparam._other_name"]
    assert len(finders) == 1
    for name in ("mxnet", "mxnet.context", "json.decoder", "numparam.context", "numparam.nothing"):
        assert finders[0].find_spec(name) is None
