"""Operations are registered again by a module whose first import was interrupted."""

import subprocess
import sys

import pytest

PROGRAM = """
import importlib.util, sys

class Interrupting:
    def find_spec(self, name, path=None, target=None):
        if name != sys.argv[1]:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        run = spec.loader.exec_module
        def run_and_interrupt(module):
            run(module)
            raise KeyboardInterrupt
        spec.loader.exec_module = run_and_interrupt
        return spec

sys.meta_path.insert(0, Interrupting())
interrupted = False
for attempt in range(2):
    try:
        import numparam as mx
        mx.np.ones((2,))
        assert mx.nd.softmax(mx.nd.ones((2,))).asnumpy().tolist() == [0.5, 0.5]
        assert mx.np.add(mx.np.ones((2,)), 1).tolist() == [2, 2]
        x = mx.nd.ones((2,))
        x.attach_grad()
        with mx.autograd.record():
            y = (x * x).sum()
        y.backward()
        assert x.grad.asnumpy().tolist() == [2, 2]
        break
    except KeyboardInterrupt:
        interrupted = True
assert interrupted
"""


@pytest.mark.parametrize(
    "module",
    ["operations.arithmetic", "operations.softmax", "indexing", "numpy_operations.arithmetic"],
)
def test_an_import_can_be_repeated_after_an_interrupt(module):
    arguments = [sys.executable, "-c", PROGRAM, f"numparam.ndarray.{module}"]
    result = subprocess.run(arguments, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


def test_two_operations_of_one_name_are_refused():
    from numparam.ndarray.operations import OPERATIONS
    from numparam.ndarray.operations.operation import register

    with pytest.raises(ValueError, match="two operations are named 'softmax'"):
        register(OPERATIONS["softmax"])
