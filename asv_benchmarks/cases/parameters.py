"""Cases for parameters: averaging, zeroing, creating, initializing, reading."""

from __future__ import annotations

import functools

import numpy as np

import numparam as mx
from cases.aims import as_fast_as, at_most, at_most_times_baseline
from cases.case import Case
from cases.inputs import SIZE, filled, in_torch, parameters
from cases.memset import memset_of_each
from cases.prepared import Prepared
from cases.resnet50 import resnet50_shapes
from competitors.competitors import Competitors
from numparam.gluon import Parameter


def reduce(competitors: Competitors, count: int) -> Prepared:
    (parameter,) = parameters([(SIZE,)], count, grad_req="null").values()
    sources = filled(count)
    nbytes = sources[0].nbytes
    prepared = Prepared(
        parameter._reduce,
        (count + 1) * nbytes,
        (at_most_times_baseline(1.15), as_fast_as("mxnet", 15)),
    )

    def allocating() -> None:
        out = np.empty(SIZE, np.float32)
        run = competitors.c_loop("mean_float32", SIZE, [*sources, out], count, piece=1 << 17)
        if run is not None:
            run()

    if competitors.c_loops is not None:
        prepared.add("baseline", allocating)

    def numpy_mean() -> None:
        total = sources[0] + sources[1]
        for source in sources[2:]:
            total += source
        total /= count

    prepared.add("numpy", numpy_mean)
    torch = competitors.torch
    if torch is not None:
        tensors = [in_torch(torch, source) for source in sources]

        def torch_mean() -> None:
            total = tensors[0] + tensors[1]
            for tensor in tensors[2:]:
                total += tensor
            total *= 1 / count

        prepared.add("torch", torch_mean)
    prepared.add_timed("mxnet", competitors.in_mxnet("reduce", count=count))
    return prepared


def zero_grad(competitors: Competitors, shapes: list[tuple[int, ...]], small: bool) -> Prepared:
    made = parameters(shapes)
    arrays = [np.from_dlpack(parameter.grad()) for parameter in made.values()]
    nbytes = sum(array.nbytes for array in arrays)
    prepared = Prepared(
        made.zero_grad, nbytes, (at_most(50e-6),) if small else (at_most_times_baseline(1.25),)
    )
    own = [np.ones_like(array) for array in arrays]
    prepared.add("baseline", memset_of_each(competitors, own))
    prepared.add("numpy", lambda: [array.fill(0) for array in own])
    torch = competitors.torch
    if torch is not None:
        tensors = [in_torch(torch, array) for array in own]
        prepared.add("torch", lambda: torch._foreach_zero_(tensors))
    prepared.add_timed("mxnet", competitors.in_mxnet("zero_grad", shapes=shapes))
    return prepared


def create(competitors: Competitors, count: int, size: int) -> Prepared:
    prepared = Prepared(
        lambda: parameters([(size,)] * count), aims=(at_most(10e-3), as_fast_as("mxnet", 30))
    )
    torch = competitors.torch
    if torch is not None:

        def torch_create() -> None:
            for _ in range(count):
                torch.nn.Parameter(torch.ones(size)).grad = torch.zeros(size)

        prepared.add("torch", torch_create)
    prepared.add_timed("mxnet", competitors.in_mxnet("create", count=count, size=size))
    return prepared


def initialize(competitors: Competitors) -> Prepared:
    parameter = Parameter("weight", shape=(SIZE,), grad_req="null")
    prepared = Prepared(
        lambda: parameter.initialize(mx.init.Uniform(), force_reinit=True),
        4 * SIZE,
        (as_fast_as("mxnet", 15),),
    )
    generator = np.random.default_rng(1)
    prepared.add("numpy", lambda: generator.random(SIZE, np.float32))
    torch = competitors.torch
    if torch is not None:
        prepared.add("torch", lambda: torch.empty(SIZE).uniform_(-0.07, 0.07))
    prepared.add_timed("mxnet", competitors.in_mxnet("initialize", size=SIZE))
    return prepared


def initialize_again(competitors: Competitors, count: int, size: int) -> Prepared:
    made = parameters([(size,)] * count)
    return Prepared(lambda: made.initialize(mx.init.One(), force_reinit=True))


def data(competitors: Competitors) -> Prepared:
    (parameter,) = parameters([(4,)]).values()
    context = mx.cpu(0)
    prepared = Prepared(lambda: parameter.data(context), aims=(at_most(0.3e-6),))
    prepared.add_timed("mxnet", competitors.in_mxnet("data"))
    return prepared


def access(competitors: Competitors, what: str) -> Prepared:
    made = parameters([(4,)], contexts=2)
    (parameter,) = made.values()
    context = mx.cpu(1)
    calls = {
        "grad": lambda: parameter.grad(context),
        "list_data": parameter.list_data,
        "get": lambda: made.get("p0"),
    }
    return Prepared(calls[what])


CASES = [
    *(
        Case(f"Parameter._reduce of {count} x 64 MB", functools.partial(reduce, count=count), 6)
        for count in (2, 4, 8)
    ),
    Case(
        "zero_grad of 2,000 parameters of 10",
        functools.partial(zero_grad, shapes=[(10,)] * 2000, small=True),
    ),
    Case(
        "zero_grad of ResNet-50's 299 parameters",
        functools.partial(zero_grad, shapes=resnet50_shapes(), small=False),
    ),
    Case(
        "create, initialize 2,000 parameters of 10",
        functools.partial(create, count=2000, size=10),
        5,
    ),
    Case(
        "initialize again 2,000 parameters of 10",
        functools.partial(initialize_again, count=2000, size=10),
        1.0,
    ),
    Case("initialize(Uniform()) of 64 MB", initialize, 4),
    Case("Parameter.data(ctx)", data, 0.3),
    Case("Parameter.grad(ctx)", functools.partial(access, what="grad"), 0.3),
    Case("Parameter.list_data()", functools.partial(access, what="list_data"), 0.3),
    Case("ParameterDict.get(name)", functools.partial(access, what="get"), 0.3),
]
