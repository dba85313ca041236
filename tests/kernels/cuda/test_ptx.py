"""Every CUDA kernel, compiled by the real compiler for four generations of GPUs, without a GPU.

``pip install 'numparam[cuda13]' cuda-core`` brings the compiler and the assembler; then::

    python -m pytest -m ptx
"""

from __future__ import annotations

import ast
import importlib
import pathlib
from types import SimpleNamespace

import pytest

from numparam import kernels
from numparam.kernels import _gate
from numparam.kernels.cuda import _provider, _warming
from tests.support import optimizer_steps
from tests.support.ptx import (
    CAPABILITIES,
    assembled,
    compiled,
    contractions,
    entries,
    float_atomics,
    flushes,
    instructions,
    narrow_addresses,
    spilled_bytes,
    vector_blocks,
)

pytestmark = pytest.mark.ptx

NARROW = ("float16", "bfloat16", "float32")
SMALL_INTEGERS = ("int8", "int16", "int32", "uint8", "uint16", "uint32")
LARGE_INTEGERS = ("int64", "uint64")
OTHER_IDS = (*NARROW, "float64", *SMALL_INTEGERS, "uint64", "bool")
UNITS = (1, 2, 4, 8, 16)

# Module, kernel, and the kinds it is compiled for; None: the same for all.
KERNELS = {
    ("_sums", "combine_lanes"): [(kind, count) for kind in _gate.FLOATS for count in (2, 4, 8)],
    ("_sums", "combine"): _gate.KINDS,
    ("_sums", "combine_chunks"): _gate.KINDS,
    ("_sums", "combine_chunks_in_lanes"): [(kind, 2) for kind in _gate.FLOATS],
    ("_sums", "find_differing"): None,
    ("_sums", "find_differing_chunks"): None,
    ("_pairing", "assign_chunks"): None,
    ("_pairing", "add_chunks"): _gate.KINDS,
    ("_casting", "convert_lanes"): [
        ("float32", "bfloat16", 4),
        ("float32", "float16", 4),
        ("bfloat16", "float32", 4),
        ("float64", "bfloat16", 2),
        ("float32", "uint8", 4),
        ("int64", "float32", 2),
        ("float64", "uint64", 1),
        ("uint64", "bfloat16", 1),
    ],
    ("_filling", "fill_bits"): None,
    ("_filling", "fill_uniform"): NARROW,
    ("_filling", "fill_uniform_float64"): None,
    ("_filling", "fill_normal"): NARROW,
    ("_filling", "fill_normal_float64"): None,
    ("_bitmap", "set_bits"): None,
    ("_bitmap", "count_bits"): None,
    ("_bitmap", "add_up"): None,
    ("_bitmap", "number_words"): None,
    ("_bitmap", "list_bits"): None,
    ("_bitmap", "place_rows"): None,
    ("_bitmap", "gather_rows"): None,
    ("_merging", "locate_rows"): None,
    ("_merging", "find_starts"): None,
    ("_merging", "measure_rows"): None,
    ("_merging", "sum_rows"): _gate.KINDS,
    ("_zeroing", "zero_chunks"): None,
    ("_rows", "convert_ids"): OTHER_IDS,
    ("_rows", "check_ids"): None,
    ("_rows", "take_rows"): UNITS,
    ("_rows", "put_rows"): UNITS,
    ("_rows", "add_narrow"): NARROW,
    ("_rows", "add_float64"): None,
    ("_rows", "add_integers"): (*SMALL_INTEGERS, *LARGE_INTEGERS, "bool"),
    ("_order", "join_bits"): None,
    ("_order", "count_digits"): None,
    ("_order", "place_keys"): None,
    ("_order", "count_new"): None,
    ("_order", "sum_chunks"): None,
    ("_order", "add_before"): None,
    ("_order", "list_new"): None,
    ("_comparing", "compare"): _gate.KINDS,
    ("_squares", "sum_chunks"): _gate.KINDS,
    ("_squares", "add_chunks"): None,
    ("_squares", "scale_chunks"): _gate.FLOATS,
    ("_stepping", "mark_rows"): None,
    ("_stepping", "check_last"): None,
    ("_trusting", "trust"): None,
}
STEPPED = {one.name: None for one in optimizer_steps.OPTIMIZERS}
LANES = {"float32": 4, "float64": 2, "float16": 8, "bfloat16": 8}


def label(name: str, kind: object) -> str:
    """Name of a kernel for a kind, or for several constants."""
    kinds = kind if isinstance(kind, tuple) else () if kind is None else (kind,)
    return "_".join([name, *map(str, kinds)])


CASES = [
    pytest.param(module, name, kind, id=label(name, kind))
    for (module, name), kinds in KERNELS.items()
    for kind in (kinds or (None,))
]


def kernel_of(module: str, name: str, kind: object):
    found = getattr(importlib.import_module(f"numparam.kernels.cuda.{module}"), name)
    if kind is None:
        return found
    return found(*kind) if isinstance(kind, tuple) else found(kind)


def names_in(module: str, name: str, kind: object) -> list[str]:
    """Names of the instructions of a kernel for sm_90."""
    text = compiled(kernel_of(module, name, kind), (9, 0))
    return [step.name for step in instructions(text)]


@pytest.mark.parametrize("capability", CAPABILITIES, ids=lambda cc: "sm_{}{}".format(*cc))
@pytest.mark.parametrize(("module", "name", "kind"), CASES)
def test_a_kernel_compiles_to_exact_code_without_spills(module, name, kind, capability):
    text = compiled(kernel_of(module, name, kind), capability)
    assert f".target sm_{capability[0]}{capability[1]}" in text
    [entry] = entries(text)
    assert label(name, kind) in entry
    assert "__local_depot" not in text
    assert float_atomics(text) == []
    assert contractions(text) == []
    assert flushes(text) == []
    assert narrow_addresses(text) == []
    assert any(step.name.startswith(("st.global", "atom.", "red.")) for step in instructions(text))
    assert set(spilled_bytes(assembled(text, capability))) == {0}


def test_every_kernel_of_every_module_is_looked_at():
    found = set()
    for path in (pathlib.Path(kernels.__file__).parent / "cuda").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                decorators = {ast.unparse(decorator) for decorator in node.decorator_list}
                if decorators & {"kernel", "kernel_per_kind"}:
                    found.add((path.stem, node.name))
    assert found == set(KERNELS)


def test_float64_sums_multiply_with_a_rounding_of_their_own():
    names = names_in("_sums", "combine_lanes", ("float64", 2))
    assert names.count("mul.rn.f64") >= 5
    assert "div.rn.f64" in names


@pytest.mark.parametrize(("kind", "division"), [("float32", "f64"), ("float16", "f64")])
def test_means_divide_with_correct_rounding_in_the_wider_type(kind, division):
    names = names_in("_sums", "combine", kind)
    assert f"div.rn.{division}" in names


def test_whole_units_move_sixteen_bytes_at_once():
    for module, name, kind in (("_rows", "take_rows", 16), ("_rows", "put_rows", 16)):
        names = names_in(module, name, kind)
        assert any(name.startswith("ld.global") and ".v4." in name for name in names)
        assert any(name.startswith("st.global") and ".v4." in name for name in names)
    names = names_in("_zeroing", "zero_chunks", None)
    assert any(name.startswith("st.global") and ".v4." in name for name in names)


def bad_kernels():
    """Kernels that each break one rule, to see that the rule's check sees it."""
    import numpy as np
    from numba import cuda, float32

    from numparam.kernels.cuda._elements import load, span, store
    from numparam.kernels.cuda._jit import kernel

    @kernel
    def local(a, b):
        i, _ = span()
        scratch = cuda.local.array(100, float32)
        for k in range(100):
            scratch[k] = load(a, k, "float32")
        store(b, i, scratch[load(a, i, "int64")], "float32")

    @kernel
    def narrow(a, b):
        i = cuda.threadIdx.x * np.int32(load(a, 0, "int32")) + cuda.blockIdx.x
        store(b, np.int64(np.int32(i)), np.float32(1), "float32")

    return {"local": local, "narrow": narrow}


def test_the_checks_see_what_they_look_for():
    bad = {name: compiled(kernel, (9, 0)) for name, kernel in bad_kernels().items()}
    assert "__local_depot" in bad["local"]
    assert any(spilled_bytes(assembled(bad["local"], (9, 0))))
    assert narrow_addresses(bad["narrow"])
    assert not contractions(bad["narrow"])


def test_the_checks_read_ptx_as_it_is_written():
    assert float_atomics("atom.global.add.f32 %f1, [%rd1], %f2;")
    assert float_atomics("red.relaxed.gpu.global.add.f64 [%rd1], %fd2;")
    assert not float_atomics("atom.relaxed.sys.global.min.s64 %rd1, [%rd2], %rd3;")
    assert contractions("fma.rn.f64 %fd1, %fd2, %fd3, %fd4;")
    assert contractions("mul.f32 %f1, %f2, %f3;\nneg.f32 %f4, %f1;\nadd.f32 %f5, %f4, %f2;")
    assert not contractions("mul.rn.f32 %f1, %f2, %f3;\nadd.f32 %f5, %f1, %f2;")
    assert not contractions("mad.lo.s64 %rd1, %rd2, %rd3, %rd4;")
    assert flushes("div.approx.f32 %f1, %f2, %f3;")
    assert flushes("add.ftz.f32 %f1, %f2, %f3;")
    assert narrow_addresses(
        "shl.b32 %r1, %r2, 2;\ncvt.s64.s32 %rd1, %r1;\nst.global.f32 [%rd1], %f1;"
    )
    assert not narrow_addresses(
        "mov.u32 %r1, %ctaid.x;\nmov.u32 %r2, %ntid.x;\nmul.wide.u32 %rd1, %r1, %r2;\n"
        "ld.global.v4.u32 {%r3, %r4, %r5, %r6}, [%rd1+16];"
    )


# The loads, all of them before anything is computed, and the stores of each hot loop's turn.
HOT = [
    pytest.param("_sums", "combine_lanes", ("float32", 2), 2, 1, id="mean of 2"),
    pytest.param("_sums", "combine_lanes", ("float32", 4), 4, 1, id="mean of 4"),
    pytest.param("_sums", "combine_lanes", ("float32", 8), 8, 1, id="mean of 8"),
    pytest.param("_sums", "combine_lanes", ("float16", 4), 4, 1, id="mean of 4, float16"),
    pytest.param("_zeroing", "zero_chunks", None, 0, 1, id="zero"),
    pytest.param("_rows", "take_rows", 16, 2, 2, id="retain"),
    # The compiler moves one of the two loads beside its store, after the other load.
    pytest.param("_rows", "put_rows", 16, 1, 2, id="scatter"),
    pytest.param("_casting", "convert_lanes", ("float32", "bfloat16", 4), 1, 1, id="cast"),
    pytest.param("_pairing", "assign_chunks", None, 2, 2, id="assign"),
    pytest.param("_pairing", "add_chunks", "float32", 2, 1, id="accumulate"),
    pytest.param("_pairing", "add_chunks", "bfloat16", 2, 1, id="accumulate, bfloat16"),
    pytest.param("_sums", "combine_chunks_in_lanes", ("float32", 2), 2, 1, id="many means of 2"),
    pytest.param("_filling", "fill_bits", None, 0, 1, id="random bits"),
    pytest.param("_filling", "fill_uniform", "float32", 0, 1, id="uniform"),
    pytest.param("_filling", "fill_normal", "float32", 0, 1, id="normal"),
]


@pytest.mark.parametrize(("module", "name", "kind", "loads", "stores"), HOT)
def test_a_hot_loop_has_its_loads_under_way_together(module, name, kind, loads, stores):
    check_hot(compiled(kernel_of(module, name, kind), (9, 0)), loads, stores)


@pytest.mark.parametrize(("name", "states"), [("sgd", 1), ("adam", 2)])
def test_a_step_has_its_loads_under_way_together(name, states):
    from numparam.kernels.cuda import _stepping

    [steps] = steps_of(name)
    for kernel in (
        steps._kernel(_stepping.dense, states, "float32", False),
        steps._kernel(_stepping.rows, states, "float32", False, 4),
    ):
        check_hot(compiled(kernel, (9, 0)), 2 + states, 1 + states)


def test_threads_that_sort_wait_for_their_warp_alone():
    names = names_in("_order", "place_keys", None)
    assert "bar.warp.sync" in names
    assert not any(name.startswith(("bar.sync", "barrier.sync")) for name in names)
    assert "atom.shared.or.b32" in names
    assert "atom.shared.add.u32" in names_in("_order", "count_digits", None)


def check_hot(text: str, loads: int, stores: int) -> None:
    blocks = vector_blocks(text)
    assert blocks
    reading = [block for block in blocks if block.loads]
    assert bool(reading) == bool(loads)
    # A loop over what is left may load less at a time.
    assert not loads or any(block.early >= loads for block in reading), blocks
    assert sum(block.stores for block in blocks) >= stores, blocks


def test_warming_up_names_every_kernel_once_and_all_optimizers(monkeypatch):
    made = list(_warming.kernels(["float32", "bfloat16", "int64", "bool"]))
    names = [kernel.py_func.__qualname__ for kernel in made]
    assert len(names) == len(set(names))
    assert {"zero_chunks", "combine_lanes_bfloat16_8", "sgd_1_dense_bfloat16_mixed"} <= set(names)
    assert not set(STEPPED) - {name.split("_")[0] for name in names}
    compiled_for = []
    monkeypatch.setattr(_provider, "require", lambda device_id: None)
    driver = SimpleNamespace(capability=lambda device_id: (9, 0))
    monkeypatch.setattr(_provider, "device_memory", lambda: driver)
    monkeypatch.setattr(_provider, "compiled", lambda *given: compiled_for.append(given))
    assert _warming.compile_all(["float32"]) == len(compiled_for) > 100
    assert {capability for _, capability in compiled_for} == {(9, 0)}


def steps_of(name: str):
    """The optimizer's `Steps`, whose kernels are made for each number of states."""
    module = importlib.import_module(f"numparam.kernels.cuda.{name}")
    return [module._FIRST, module._SECOND] if name == "lamb" else [module._STEPS]


def step_kernels(name: str, kind: str, mixed: bool = False):
    from numparam.kernels.cuda import _stepping

    for steps in steps_of(name):
        for states in steps.formulas:
            if not steps.row_state:
                yield steps._kernel(_stepping.dense, states, kind, mixed)
                yield steps._kernel(_stepping.rows, states, kind, mixed, LANES[kind])
            yield steps._kernel(_stepping.replay, states, kind, mixed, 1)


def check_step(kernel, capability):
    text = compiled(kernel, capability)
    names = [step.name for step in instructions(text)]
    assert not [name for name in names if name.startswith("fma.") and ".f" in name]
    assert contractions(text) == []
    assert float_atomics(text) == []
    assert flushes(text) == []
    assert narrow_addresses(text) == []
    assert "__local_depot" not in text
    assert set(spilled_bytes(assembled(text, capability))) == {0}


@pytest.mark.parametrize("name", STEPPED)
def test_a_step_rounds_every_operation_and_spills_nothing(name):
    for kernel in step_kernels(name, "float32"):
        check_step(kernel, (9, 0))


@pytest.mark.parametrize("capability", CAPABILITIES, ids=lambda cc: "sm_{}{}".format(*cc))
@pytest.mark.parametrize(("kind", "mixed"), [("float64", False), ("bfloat16", True)])
def test_steps_of_other_kinds_and_generations(kind, mixed, capability):
    for kernel in step_kernels("adam", kind, mixed):
        check_step(kernel, capability)
