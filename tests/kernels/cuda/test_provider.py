"""What CUDA needs, and what is said where it is missing. Runs everywhere."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import pathlib
import re
import subprocess
import sys
from types import SimpleNamespace

import pytest

from numparam import kernels
from numparam.kernels.cuda import _cubins, _memory, _provider

ROOT = pathlib.Path(kernels.__file__).parent


class Driver:
    """NVIDIA's driver library, as far as it is asked."""

    def __init__(self, devices: int = 1, code: int = 0, version: int = 99000) -> None:
        self.devices = devices
        self.code = code
        self.version = version

    def cuInit(self, flags):
        return self.code

    def cuDeviceGetCount(self, count):
        count._obj.value = self.devices
        return 0

    def cuDriverGetVersion(self, version):
        version._obj.value = self.version
        return 0

    def cuGetErrorName(self, code, text):
        text._obj.value = b"CUDA_ERROR_NOT_INITIALIZED"
        return 0


@pytest.fixture
def machine(monkeypatch):
    """Return a function that pretends a machine with or without the package and the driver."""
    found = importlib.util.find_spec

    def pretend(package: bool, driver: Driver | None) -> None:
        def find_spec(name, *rest):
            if name == "numba_cuda":
                return found("json") if package else None
            return found(name, *rest)

        monkeypatch.setattr(importlib.util, "find_spec", find_spec)
        monkeypatch.setattr(_provider, "_driver", lambda: driver)
        monkeypatch.setattr(_provider, "_ready", set())
        for name in ("NUMBA_ENABLE_CUDASIM", "NUMBA_DISABLE_CUDA", "CUDA_VISIBLE_DEVICES"):
            monkeypatch.delenv(name, raising=False)

    return pretend


def refusal(device_id: int = 0) -> str:
    with pytest.raises(_provider.CUDAUnavailableError) as caught:
        _provider.require(device_id)
    assert isinstance(caught.value, RuntimeError)
    return str(caught.value)


def test_without_the_package_the_error_names_it_and_its_extras(machine):
    machine(False, Driver())
    assert _provider.device_count() == 0
    message = refusal(1)
    assert "gpu(1)" in message
    assert "numba-cuda" in message
    assert "numparam[cuda13]" in message
    assert "numparam[cuda12]" in message


def test_without_a_driver_the_error_names_its_library(machine):
    machine(True, None)
    assert _provider.device_count() == 0
    assert "driver library" in refusal()
    assert "nvidia-smi" in refusal()


def test_without_a_gpu_the_error_says_so(machine, monkeypatch):
    machine(True, Driver(code=100))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert _provider.device_count() == 0
    assert "no GPU (CUDA_VISIBLE_DEVICES is '')" in refusal()
    machine(True, Driver(devices=0))
    assert "no GPU" in refusal()


def test_a_driver_that_does_not_start_is_quoted(machine):
    machine(True, Driver(code=3))
    assert _provider.device_count() == 0
    assert "CUDA_ERROR_NOT_INITIALIZED" in refusal()
    assert "forked" in refusal()


def test_a_switched_off_cuda_is_named(machine, monkeypatch):
    machine(True, Driver())
    monkeypatch.setenv("NUMBA_DISABLE_CUDA", "1")
    assert _provider.device_count() == 0
    assert "NUMBA_DISABLE_CUDA" in refusal()


def test_a_number_beyond_the_gpus_is_refused_and_others_taken(machine):
    machine(True, Driver(devices=2))
    assert _provider.device_count() == 2
    _provider.require(0)
    _provider.require(1)
    assert refusal(2) == "there is no gpu(2): there are gpu(0) to gpu(1)"
    assert refusal(-1).startswith("there is no gpu(-1)")
    machine(True, Driver(devices=1))
    assert refusal(1) == "there is no gpu(1): the only one is gpu(0)"


@pytest.mark.parametrize(
    ("version", "remedy"),
    [
        pytest.param(12040, "update the driver, or install the extra for it: .*cuda12", id="12.4"),
        pytest.param(11080, "needs one for CUDA 13; update the driver$", id="11.8"),
    ],
)
def test_a_driver_that_is_older_than_the_packages_is_named(machine, monkeypatch, version, remedy):
    machine(True, Driver(version=version))
    monkeypatch.setattr(importlib.metadata, "version", lambda name: "13.0.1")
    assert _provider.device_count() == 0
    assert f"one for CUDA {version // 1000}.{version % 1000 // 10}, and" in refusal()
    assert re.search(remedy, refusal())
    monkeypatch.setattr(importlib.metadata, "version", lambda name: f"{version // 1000}.9.0")
    assert _provider.device_count() == 1


def test_a_kernel_that_does_not_compile_is_named_with_the_versions(monkeypatch):
    from numparam.kernels.cuda import _cubins

    def fail(*arguments):
        raise ValueError("no such instruction")

    def some_kernel(a):
        pass

    monkeypatch.setattr(_cubins, "load", fail)
    monkeypatch.setitem(sys.modules, "numparam.kernels.cuda._compile", SimpleNamespace(cubin=None))
    message = "some_kernel does not compile for sm_90 .ValueError: no such instruction.*numba"
    with pytest.raises(_provider.KernelCompilationError, match=message):
        _provider.compiled(some_kernel, (9, 0))


@pytest.mark.parametrize(("text", "given"), [("1000", {"kept_bytes": 1000}), ("", {})])
def test_the_limit_of_kept_memory_is_that_of_gpus_too(monkeypatch, text, given):
    from numparam.kernels.cuda import _driver

    made = []
    monkeypatch.setattr(_driver, "Driver", lambda *arguments, **named: made.append(named))
    monkeypatch.setattr(_provider, "simulated", lambda: False)
    monkeypatch.setattr(_provider, "numba_cuda", lambda: None)
    monkeypatch.setattr(importlib, "import_module", lambda name: None)
    monkeypatch.setenv("NUMPARAM_KEPT_BYTES", text)
    _provider.device_memory.__wrapped__()
    assert made == [given]
    monkeypatch.setenv("NUMPARAM_KEPT_BYTES", "much")
    with pytest.raises(ValueError, match="NUMPARAM_KEPT_BYTES is 'much'"):
        _provider.device_memory.__wrapped__()


def test_memory_is_what_first_asks_for_the_gpu(machine):
    machine(False, None)
    with pytest.raises(_provider.CUDAUnavailableError, match="numba-cuda"):
        _memory.empty((2,), "float32", 0)
    with pytest.raises(_provider.CUDAUnavailableError, match="numba-cuda"):
        _memory.upload([1.0, 2.0], 0)
    with pytest.raises(_provider.CUDAUnavailableError, match="numba-cuda"):
        _memory.synchronize(0)


def test_jitted_bodies_without_the_package_fail_as_an_import_does(machine):
    machine(False, Driver())
    with pytest.raises(ImportError, match="numba-cuda is not installed"):
        _provider.numba_cuda()
    assert issubclass(_provider.CUDAImportError, _provider.CUDAUnavailableError)


def test_importing_and_counting_import_no_numba():
    code = (
        "import sys\n"
        "from numparam.kernels.cuda import _memory, _provider, average, reset, retain, table\n"
        "_provider.device_count()\n"
        "try:\n"
        "    _provider.require(99)\n"
        "except _provider.CUDAUnavailableError:\n"
        "    print(sorted({'numba', 'numba_cuda', 'llvmlite'} & set(sys.modules)))\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=ROOT.parents[1],
        check=True,
    )
    # An installed numba-cuda puts a redirector of its own name into every process.
    assert result.stdout.strip() in ("[]", "['numba_cuda']")


def test_one_module_imports_numba_cuda():
    users = [
        path.name
        for path in (ROOT / "cuda").glob("*.py")
        if any(
            line.lstrip().startswith(("import numba", "from numba ", "from numba."))
            for line in path.read_text().splitlines()
        )
        or 'import_module("numba' in path.read_text()
    ]
    assert users == ["_provider.py"]


def test_a_missing_compiler_says_how_to_install_it(monkeypatch):
    def compile_one(*arguments):
        raise ImportError("libNVVM cannot be found")

    monkeypatch.setattr(_cubins, "load", compile_one)
    with pytest.raises(_provider.CUDAUnavailableError, match=r"libNVVM.*numparam\[cuda13\]"):
        _provider.compiled(compile_one, (9, 0))
