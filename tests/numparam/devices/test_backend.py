"""The dispatch seam: one place chooses, and nothing slips past it."""

from __future__ import annotations

import ast
import os
import pathlib
import subprocess
import sys
import threading

import numpy as np
import pytest

import numparam
from numparam.base import MXNetError
from numparam.devices import host as host_module
from numparam.devices import memory, registry
from numparam.devices.memory import KeptMemory
from numparam.devices.shared import SharedHostBackend
from tests.support.opaque import OpaqueBackend, OpaqueBuffer, opaque_device

API = pathlib.Path(numparam.__file__).parent


@pytest.fixture
def opaque():
    with opaque_device("recorder"):
        yield registry.backend_of("recorder")


def test_every_kind_of_host_context_is_served_by_the_same_backend():
    served = registry.backend_of("cpu")
    assert served is registry.backend_of("cpu", 7)
    assert served is registry.backend_of("cpu_pinned")
    assert type(registry.backend_of("cpu_shared", 1)) is SharedHostBackend


def test_a_wrong_setting_of_kept_memory_is_not_called_a_lack_of_memory(monkeypatch):
    monkeypatch.setenv("NUMPARAM_KEPT_BYTES", "1 GB")
    monkeypatch.setattr(host_module, "_kept", KeptMemory())
    with pytest.raises(ValueError, match="NUMPARAM_KEPT_BYTES is '1 GB'"):
        numparam.nd.ones((1 << 20,))


def test_an_unknown_device_type_is_refused_by_name():
    with pytest.raises(MXNetError, match="no backend serves devices of type 'tpu'; there are cpu"):
        registry.backend_of("tpu")


def test_an_unknown_operation_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no operation 'conv'"):
        _ = registry.backend_of("cpu").conv


def test_a_registered_device_type_is_served_until_it_is_removed():
    with opaque_device("recorder"):
        assert isinstance(registry.backend_of("recorder", 1), OpaqueBackend)
        assert registry.backend_of("recorder", 1) is registry.backend_of("recorder", 1)
    with pytest.raises(MXNetError, match="recorder"):
        registry.backend_of("recorder", 1)


def test_many_threads_get_one_backend():
    made = []
    with opaque_device("recorder"):
        barrier = threading.Barrier(8)

        def ask():
            barrier.wait()
            made.append(registry.backend_of("recorder", 3))

        threads = [threading.Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(set(map(id, made))) == 1


def test_memory_of_the_host():
    host = registry.backend_of("cpu")
    given = np.arange(6.0).reshape(2, 3)
    buffer = host.upload(given.T)
    assert buffer.flags.c_contiguous
    part = host.view(buffer, 2, (2, 2))
    part[...] = 0
    assert host.download(buffer).tolist() == [[0, 3], [0, 0], [0, 0]]
    assert given[0, 1] == 1
    host.read_into(buffer, lambda memory: memory.__setitem__(slice(None), bytes(len(memory))))
    assert not buffer.any()


@pytest.mark.parametrize("method", ["empty", "zeros"])
def test_a_small_array_that_finds_no_memory_says_how_much_it_needed(method, monkeypatch):
    def exhausted(shape, dtype):
        raise MemoryError

    host = registry.backend_of("cpu")
    monkeypatch.setattr(memory, "Memory", exhausted)
    monkeypatch.setattr(host_module._small, "places", [iter(())] * 100)
    monkeypatch.setattr(host_module, "_places", [iter(())] * 100)
    with pytest.raises(MXNetError, match=r"\(2, 3\) and dtype float32 needs 24 bytes"):
        getattr(host, method)((2, 3), np.dtype("float32"))


@pytest.mark.parametrize("method", ["empty", "zeros"])
def test_too_many_dimensions_are_no_lack_of_memory(method):
    with pytest.raises(ValueError, match="dimension"):
        getattr(registry.backend_of("cpu"), method)((1,) * 99, np.dtype("float32"))


@pytest.mark.parametrize("shape", [(2**50,), (2**40, 2**40)])
@pytest.mark.parametrize("caught_as", [MemoryError, MXNetError])
def test_memory_that_is_not_to_be_had_is_an_error_that_says_how_much(shape, caught_as):
    with pytest.raises(caught_as, match=r"needs [0-9,]+ bytes"):
        registry.backend_of("cpu").empty(shape, np.dtype("float64"))


def test_results_of_apply_never_share_memory_with_inputs():
    host = registry.backend_of("cpu")
    buffer = host.upload(np.arange(6.0).reshape(2, 3))
    for result in (
        host.apply(np.transpose, buffer),
        host.apply(lambda a: a[0], buffer),
        *host.apply(lambda a: (a, a[:, 1]), buffer),
    ):
        assert not np.shares_memory(result, buffer)
        assert result.flags.c_contiguous


def test_the_opaque_device_records_kernels_and_hides_its_memory(opaque):
    buffers = [opaque.upload(np.float32([1, 2])), opaque.upload(np.float32([3, 4]))]
    out = opaque.average.mean(buffers, out=buffers[1])
    assert out is buffers[1]
    opaque.reset.zero([buffers[0]])
    assert opaque.calls == ["average.mean", "reset.zero"]
    assert opaque.download(out).tolist() == [2, 3]
    assert opaque.download(buffers[0]).tolist() == [0, 0]
    assert isinstance(opaque.apply(np.negative, out), OpaqueBuffer)


def first_element(b):
    return b[0]


def numpy_sum(b):
    return np.add(b, 1)


def numpy_array(b):
    return b.__array__()


@pytest.mark.parametrize(
    "touch",
    [np.asarray, len, iter, bool, first_element, numpy_sum, numpy_array],
)
def test_touching_an_opaque_buffer_from_the_host_raises(opaque, touch):
    with pytest.raises(TypeError):
        touch(opaque.upload(np.ones(3)))


def test_only_the_seam_imports_kernels():
    """Only the backends import the kernels of a device."""
    importers = set()
    for path in API.rglob("*.py"):
        relative = path.relative_to(API)
        if relative.parts[0] == "kernels":
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                names = [f"{node.module}.{alias.name}" for alias in node.names]
            if any(
                name.startswith(("numba", "numparam.kernels.cpu", "numparam.kernels.cuda"))
                for name in names
            ):
                importers.add(relative.as_posix())
    # The doctor describes the cache of compiled kernels.
    assert importers <= {"devices/backend.py", "devices/cuda.py", "cli/doctor.py"}


FORK_DURING_FIRST_USE = """
import os, threading
import numparam as mx

numpy_array = mx.nd.zeros((4,))
drawing = threading.Thread(target=lambda: mx.nd.random.uniform(shape=(4,)))
drawing.start()
for _ in range(4):
    child = os.fork()
    if child == 0:
        import signal
        signal.alarm(30)
        os._exit(0 if mx.nd.random.uniform(shape=(4,)).shape == (4,) else 1)
    assert os.waitpid(child, 0)[1] == 0
drawing.join()
print("good")
"""


FORK_DURING_FIRST_IMPORT = """
import os, threading
import numparam as mx

mx.nd.zeros((4,))
importing = threading.Thread(target=lambda: mx.gluon)
importing.start()
for _ in range(4):
    child = os.fork()
    if child == 0:
        import signal
        signal.alarm(30)
        os._exit(0 if mx.gluon.Parameter('weight') else 1)
    assert os.waitpid(child, 0)[1] == 0
importing.join()
print("good")
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
@pytest.mark.parametrize(
    "program", [FORK_DURING_FIRST_USE, FORK_DURING_FIRST_IMPORT], ids=["kernel", "module"]
)
def test_children_forked_while_another_thread_first_uses_something_can_use_it(program):
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.stdout.strip() == "good", done.stderr
