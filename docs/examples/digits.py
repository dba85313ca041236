"""Train a classifier of handwritten digits over two contexts; save it, load it, and check it.

Each context works on its half of every batch, in two steps whose gradients accumulate
(``grad_req='add'``); then the Trainer sums the halves over the contexts, divides them by the number
of contexts, and updates both copies of the weights alike. The gradients come from the operations
that `autograd.record` notes, or, with ``--by-hand``, are written by hand in NumPy: `by_tape` and
`by_hand` stand beside each other, and all other lines are the same.

Run it with ``python docs/examples/digits.py``, or ``python docs/examples/digits.py --by-hand``.
"""

from __future__ import annotations

import argparse
import pathlib
import tempfile
from collections.abc import Callable

import numpy as np
from rich.console import Console
from rich.progress import track
from sklearn.datasets import load_digits

import numparam as mx

CONTEXTS = [mx.cpu(0), mx.cpu(1)]
HIDDEN, EPOCHS, BATCH, STEPS, RATE = 96, 40, 128, 2, 0.5


def images_and_labels() -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """Return the training set, and the held-out fifth."""
    digits = load_digits()
    order = np.random.default_rng(0).permutation(len(digits.target))
    pixels = (digits.data[order] / 16).astype(np.float32)
    labels = digits.target[order]
    held_out = len(labels) // 5
    return (pixels[held_out:], labels[held_out:]), (pixels[:held_out], labels[:held_out])


def classifier() -> mx.gluon.ParameterDict:
    """Declare the parameters of two dense layers."""
    params = mx.gluon.ParameterDict("digits_")
    xavier = mx.init.Xavier()
    params.get("hidden_weight", shape=(HIDDEN, 64), init=xavier, grad_req="add")
    params.get("hidden_bias", shape=(HIDDEN,), init="zeros", grad_req="add")
    params.get("output_weight", shape=(10, HIDDEN), init=xavier, grad_req="add")
    params.get("output_bias", shape=(10,), init="zeros", grad_req="add")
    return params


def forward(weights: list[np.ndarray], pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the hidden layer and the probabilities of the ten digits."""
    hidden_weight, hidden_bias, output_weight, output_bias = weights
    hidden = np.maximum(pixels @ hidden_weight.T + hidden_bias, 0)
    scores = hidden @ output_weight.T + output_bias
    scores = np.exp(scores - scores.max(axis=1, keepdims=True))
    return hidden, scores / scores.sum(axis=1, keepdims=True)


def by_tape(data: list[mx.nd.NDArray], pixels: np.ndarray, labels: np.ndarray, total: int) -> None:
    """Add the gradients of one step, from the operations that were recorded."""
    context = data[0].context
    hidden_weight, hidden_bias, output_weight, output_bias = data
    inputs, targets = mx.nd.array(pixels, ctx=context), mx.nd.array(labels, ctx=context)
    with mx.autograd.record():
        hidden = mx.nd.relu(mx.nd.dot(inputs, hidden_weight, transpose_b=True) + hidden_bias)
        scores = mx.nd.dot(hidden, output_weight, transpose_b=True) + output_bias
        loss = mx.nd.softmax_cross_entropy(scores, targets) / total
    loss.backward()


def gradients(
    weights: list[np.ndarray], pixels: np.ndarray, labels: np.ndarray, total: int
) -> list[np.ndarray]:
    """Gradients of this share of the mean cross-entropy over `total` images."""
    hidden, error = forward(weights, pixels)
    error[np.arange(len(labels)), labels] -= 1
    error /= total
    behind = (error @ weights[2]) * (hidden > 0)
    return [behind.T @ pixels, behind.sum(axis=0), error.T @ hidden, error.sum(axis=0)]


def by_hand(data: list[mx.nd.NDArray], pixels: np.ndarray, labels: np.ndarray, total: int) -> None:
    """Add the gradients of one step, computed in NumPy."""
    weights = [array.asnumpy() for array in data]
    mx.autograd.accumulate_grad(data, gradients(weights, pixels, labels, total))


def accuracy(params: mx.gluon.ParameterDict, pixels: np.ndarray, labels: np.ndarray) -> float:
    """Share of the images that the classifier gets right."""
    weights = [parameter.data(CONTEXTS[0]).asnumpy() for parameter in params.values()]
    return float((forward(weights, pixels)[1].argmax(axis=1) == labels).mean())


def train(
    params: mx.gluon.ParameterDict,
    pixels: np.ndarray,
    labels: np.ndarray,
    add_gradients: Callable[..., None],
) -> None:
    """Train data-parallel over the contexts."""
    generator = np.random.default_rng(1)
    parameters = list(params.values())
    trainer = mx.gluon.Trainer(params, "sgd", {"learning_rate": RATE})
    for _ in track(range(EPOCHS), description="training"):
        order = generator.permutation(len(labels))
        for start in range(0, len(order) - BATCH + 1, BATCH):
            shares = np.split(order[start : start + BATCH], len(CONTEXTS))
            params.zero_grad()
            for context, share in zip(CONTEXTS, shares, strict=True):
                data = [parameter.data(context) for parameter in parameters]
                for step in np.split(share, STEPS):
                    add_gradients(data, pixels[step], labels[step], len(share))
            trainer.step(len(CONTEXTS))


def main() -> None:
    """Train, save, load into fresh parameters, and compare."""
    parser = argparse.ArgumentParser(description="Train a classifier of handwritten digits.")
    parser.add_argument("--by-hand", action="store_true", help="compute the gradients in NumPy")
    add_gradients = by_hand if parser.parse_args().by_hand else by_tape
    console = Console()
    mx.random.seed(7)
    training, held_out = images_and_labels()
    params = classifier()
    params.initialize(ctx=CONTEXTS)
    train(params, *training, add_gradients)
    console.print(str(params.summary()), soft_wrap=True, highlight=False)
    trained = accuracy(params, *held_out)

    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "digits.params"
        params.save(path)
        restored = classifier()
        restored.load(path, ctx=CONTEXTS)
        again = accuracy(restored, *held_out)
        size = path.stat().st_size

    console.print(f"accuracy on {len(held_out[1])} held-out images: {trained:.3f}")
    console.print(f"after saving {size:,} bytes and loading them into new parameters: {again:.3f}")
    if trained < 0.95 or again != trained:
        raise SystemExit("the classifier is worse than it should be, or changed on its way to disk")


if __name__ == "__main__":
    main()
