"""Which tests of the CUDA kernels can run here: on the simulator, without a GPU, or on one."""

from __future__ import annotations

import importlib.util

import pytest

from numparam.kernels.cuda import _ids, _launch, _pointers, _provider


def _reason_against(tier: str) -> str:
    """Why tests of a tier cannot run here; empty if they can."""
    simulated = _provider.simulated()
    if tier == "cudasim":
        if not simulated:
            return "needs a process of its own: NUMBA_ENABLE_CUDASIM=1 python -m pytest -m cudasim"
        if importlib.util.find_spec("numba.cuda") is None:
            return "needs numba.cuda: pip install 'numparam[cuda13]'"
        return ""
    if simulated:
        return "the simulator (NUMBA_ENABLE_CUDASIM) neither compiles for GPUs nor is one"
    if tier == "ptx":
        for module, package in (
            ("numba_cuda", "'numparam[cuda13]'"),
            ("cuda.core", "cuda-core"),
            ("nvidia.cu13", "'numparam[cuda13]'"),
        ):
            if not _found(module):
                return f"needs {module}: pip install {package}"
        return ""
    count, problem = _provider._survey()
    return "" if count else f"needs a CUDA GPU: {problem}"


def _found(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def pytest_collection_modifyitems(items):
    for tier in ("cudasim", "ptx", "gpu"):
        reason = _reason_against(tier)
        if not reason:
            continue
        for item in items:
            if item.get_closest_marker(tier):
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="module")
def few_threads():
    """At most 8 threads a launch, and chunks so small that small arrays have several."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_launch, "THREADS", 4)
        patch.setattr(_launch, "MOST_BLOCKS", 2)
        patch.setattr(_launch, "LEAST_BLOCKS", 1)
        patch.setattr(_pointers, "CHUNK", 64)
        patch.setattr(_ids, "_CHUNK_BITS", 2)
        patch.setattr(_ids, "_SEGMENT_BITS", 3)
        yield
