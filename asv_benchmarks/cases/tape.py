"""Cases for recording and the backward pass."""

from __future__ import annotations

import numpy as np

import numparam as mx
from cases.aims import Aim, as_fast_as
from cases.case import Case
from cases.prepared import Prepared
from competitors.competitors import Competitors

ROWS, COLUMNS, IDS = 1_000_000, 64, 4096


def recorded_product(competitors: Competitors) -> Prepared:
    """Multiply two small arrays on the tape; the baseline is the same product beside it."""
    left, right = mx.nd.ones((2, 2)), mx.nd.ones((2, 2))
    left.attach_grad()
    count = 100

    def recorded() -> None:
        with mx.autograd.record():
            for _ in range(count):
                left * right

    def unrecorded() -> None:
        for _ in range(count):
            left * right

    prepared = Prepared(recorded, 0, (Aim("baseline", extra=count * 3e-6),))
    prepared.add("baseline", unrecorded)
    return prepared


def two_layers(competitors: Competitors) -> Prepared:
    """Run two dense layers on a batch of 32 x 64 forward and backward, each operation eagerly."""
    random = np.random.default_rng(0)
    images = random.normal(size=(32, 64)).astype(np.float32)
    labels = np.eye(10, dtype=np.float32)[random.integers(0, 10, 32)]
    weights = [
        (random.normal(size=shape) * 0.1).astype(np.float32)
        for shape in ((64, 64), (64,), (64, 10), (10,))
    ]
    inputs, targets = mx.nd.array(images), mx.nd.array(labels)
    variables = [mx.nd.array(weight) for weight in weights]
    for variable in variables:
        variable.attach_grad()
    first, first_bias, second, second_bias = variables

    def train() -> None:
        with mx.autograd.record():
            hidden = mx.nd.relu(mx.nd.dot(inputs, first) + first_bias)
            scores = (mx.nd.dot(hidden, second) + second_bias).exp()
            chances = scores / scores.sum(axis=1, keepdims=True)
            loss = (-(chances.log() * targets).sum(axis=1)).mean()
        loss.backward()

    prepared = Prepared(train, 0, (as_fast_as("torch", 1), as_fast_as("mxnet", 2)))
    torch = competitors.torch
    if torch is not None:
        batch, wanted = torch.from_numpy(images), torch.from_numpy(labels)
        tensors = [torch.tensor(weight, requires_grad=True) for weight in weights]
        one, one_bias, two, two_bias = tensors

        def in_torch() -> None:
            for tensor in tensors:
                tensor.grad = None
            hidden = torch.relu(torch.matmul(batch, one) + one_bias)
            scores = (torch.matmul(hidden, two) + two_bias).exp()
            chances = scores / scores.sum(dim=1, keepdim=True)
            (-(chances.log() * wanted).sum(dim=1)).mean().backward()

        prepared.add("torch", in_torch)
    prepared.add_timed("mxnet", competitors.in_mxnet("two_layers"))
    return prepared


def embedding(competitors: Competitors) -> Prepared:
    """Look up 4,096 rows of 1,000,000 x 64, and compute the row-sparse gradient.

    PyTorch lists the rows of its gradient as they come. numparam and MXNet sort them and sum the
    repeated ones, which PyTorch does when the gradient is used; the baseline has it do that here.
    """
    numbers = np.random.default_rng(0).integers(0, ROWS, IDS)
    ids = mx.nd.array(numbers, dtype="int64")
    table = mx.nd.zeros((ROWS, COLUMNS))
    table.attach_grad(stype="row_sparse")

    head_grad = mx.nd.ones((IDS, COLUMNS))

    def look_up() -> None:
        with mx.autograd.record():
            rows = mx.nd.Embedding(ids, table, ROWS, COLUMNS, sparse_grad=True)
        rows.backward(head_grad)

    aims = (as_fast_as("torch", 1), as_fast_as("baseline", 1), as_fast_as("mxnet", 10))
    prepared = Prepared(look_up, 4 * IDS * COLUMNS * 4, aims)
    torch = competitors.torch
    if torch is not None:
        weight = torch.zeros(ROWS, COLUMNS, requires_grad=True)
        wanted, ones = torch.from_numpy(numbers), torch.ones(IDS, COLUMNS)

        def in_torch() -> None:
            weight.grad = None
            torch.nn.functional.embedding(wanted, weight, sparse=True).backward(ones)

        def coalesced() -> None:
            in_torch()
            weight.grad = weight.grad.coalesce()

        prepared.add("torch", in_torch)
        prepared.add("baseline", coalesced)
    prepared.add_timed("mxnet", competitors.in_mxnet("embedding"))
    return prepared


CASES = [
    Case("autograd: 100 recorded products of 2 x 2", recorded_product),
    Case("autograd: two dense layers on 32 x 64, forward and backward", two_layers),
    Case("autograd: Embedding of 4,096 ids in 1,000,000 x 64, sparse gradient", embedding),
]
