"""Rows for what users of parameters do: averaging, zeroing, creating, reading, loading."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

import numparam as mx
from comparison.array_rows import FILE_ARRAYS, FILE_NBYTES, SIZE, folder
from comparison.bench import Bench
from comparison.case import Case, Row, as_fast_as, at_most, within_limit
from comparison.kernel_rows import filled, in_torch, memset_of_each
from numparam.gluon import Parameter, ParameterDict


def parameters(shapes: list[tuple[int, ...]], contexts: int = 1, **attributes: Any) -> Any:
    made = ParameterDict()
    for i, shape in enumerate(shapes):
        made.get(f"p{i}", shape=shape, **attributes)
    made.initialize(mx.init.One(), ctx=[mx.cpu(i) for i in range(contexts)])
    return made


def resnet50() -> list[tuple[int, ...]]:
    """Shapes of the 299 parameters of Gluon's ``resnet50_v1``."""
    shapes: list[tuple[int, ...]] = []

    def convolution(outputs: int, inputs: int, kernel: int, bias: bool = False) -> None:
        shapes.append((outputs, inputs, kernel, kernel))
        shapes.extend([(outputs,)] * (5 if bias else 4))  # with the four of its normalisation

    convolution(64, 3, 7)
    inputs = 64
    for stage, blocks in enumerate((3, 4, 6, 3)):
        outputs = 256 << stage
        for block in range(blocks):
            convolution(outputs // 4, inputs, 1, bias=True)
            convolution(outputs // 4, outputs // 4, 3)
            convolution(outputs, outputs // 4, 1, bias=True)
            if block == 0:
                convolution(outputs, inputs, 1)
            inputs = outputs
    return [*shapes, (1000, 2048), (1000,)]


def reduce(bench: Bench, count: int) -> Case:
    (parameter,) = parameters([(SIZE,)], count, grad_req="null").values()
    sources = filled(count)
    nbytes = sources[0].nbytes
    case = Case((count + 1) * nbytes, (within_limit(1.15), as_fast_as("mxnet", 15)))
    case.add("numparam", parameter._reduce)

    def allocating() -> None:
        out = np.empty(SIZE, np.float32)
        run = bench.limits.loop("mean_float32", SIZE, [*sources, out], count, piece=1 << 17)
        if run is not None:
            run()

    if bench.limits.compiler is not None:
        case.add("limit", allocating)

    def numpy_mean() -> None:
        total = sources[0] + sources[1]
        for source in sources[2:]:
            total += source
        total /= count

    case.add("numpy", numpy_mean)
    if bench.torch is not None:
        tensors = [in_torch(bench.torch, source) for source in sources]

        def torch_mean() -> None:
            total = tensors[0] + tensors[1]
            for tensor in tensors[2:]:
                total += tensor
            total *= 1 / count

        case.add("torch", torch_mean)
    case.add_timed("mxnet", bench.in_mxnet("reduce", count=count))
    return case


def zero_grad(bench: Bench, shapes: list[tuple[int, ...]], small: bool) -> Case:
    made = parameters(shapes)
    arrays = [np.from_dlpack(parameter.grad()) for parameter in made.values()]
    nbytes = sum(array.nbytes for array in arrays)
    case = Case(nbytes, (at_most(50e-6),) if small else (within_limit(1.25),))
    case.add("numparam", made.zero_grad)
    own = [np.ones_like(array) for array in arrays]
    case.add("limit", memset_of_each(bench, own))
    case.add("numpy", lambda: [array.fill(0) for array in own])
    if bench.torch is not None:
        tensors = [in_torch(bench.torch, array) for array in own]
        case.add("torch", lambda: bench.torch._foreach_zero_(tensors))
    case.add_timed("mxnet", bench.in_mxnet("zero_grad", shapes=shapes))
    return case


def create(bench: Bench, count: int, size: int) -> Case:
    case = Case(0, (as_fast_as("mxnet", 30),))
    case.add("numparam", lambda: parameters([(size,)] * count))
    if bench.torch is not None:
        torch = bench.torch

        def torch_create() -> None:
            for _ in range(count):
                torch.nn.Parameter(torch.ones(size)).grad = torch.zeros(size)

        case.add("torch", torch_create)
    case.add_timed("mxnet", bench.in_mxnet("create", count=count, size=size))
    return case


def initialize(bench: Bench) -> Case:
    parameter = Parameter("weight", shape=(SIZE,), grad_req="null")
    case = Case(4 * SIZE, (as_fast_as("mxnet", 15),))
    case.add("numparam", lambda: parameter.initialize(mx.init.Uniform(), force_reinit=True))
    generator = np.random.default_rng(1)
    case.add("numpy", lambda: generator.random(SIZE, np.float32))
    if bench.torch is not None:
        case.add("torch", lambda: bench.torch.empty(SIZE).uniform_(-0.07, 0.07))
    case.add_timed("mxnet", bench.in_mxnet("initialize", size=SIZE))
    return case


def data(bench: Bench) -> Case:
    (parameter,) = parameters([(4,)]).values()
    context = mx.cpu(0)
    case = Case(0, (at_most(0.3e-6),))
    case.add("numparam", lambda: parameter.data(context))
    case.add_timed("mxnet", bench.in_mxnet("data"))
    return case


def load(bench: Bench) -> Case:
    shapes = [(FILE_NBYTES // 4 // FILE_ARRAYS,)] * FILE_ARRAYS
    made = parameters(shapes, grad_req="null")
    place = folder()
    path = place / "own.params"
    made.save(path)
    case = Case(FILE_NBYTES, (within_limit(1.3),))
    case.add("numparam", lambda: made.load(path))
    case.add("limit", path.read_bytes)
    arguments = {"path": str(place / "mxnet.params"), "shapes": shapes}
    case.add_timed("mxnet", bench.in_mxnet("load_parameters", **arguments))
    return case


ROWS = [
    *(
        Row(f"Parameter._reduce of {count} x 64 MB", functools.partial(reduce, count=count))
        for count in (2, 4, 8)
    ),
    Row(
        "zero_grad of 2,000 parameters of 10",
        functools.partial(zero_grad, shapes=[(10,)] * 2000, small=True),
    ),
    Row(
        "zero_grad of ResNet-50's 299 parameters",
        functools.partial(zero_grad, shapes=resnet50(), small=False),
    ),
    Row(
        "create, initialize 2,000 parameters of 10",
        functools.partial(create, count=2000, size=10),
    ),
    Row("initialize(Uniform()) of 64 MB", initialize),
    Row("Parameter.data(ctx)", data),
    Row("ParameterDict.load of 100 MB", load),
]
