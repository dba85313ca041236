"""Factorise the ratings of MovieLens-100K with row-sparse embeddings on two contexts.

A rating is the mean, plus a bias of the user and one of the film, plus the dot product of their
factors. Each batch uses a few rows of the four tables: those are pulled from the Trainer, the tape
gives them row-sparse gradients, and Adam with weight decay updates them exactly, as if each step
had updated all rows (``lazy_update=False``).

Run it with ``python docs/examples/movielens.py``. It downloads the ratings with pip, from a package
that holds them, unless ``--data`` names a file ``ml-100k.inter`` or ``u.data``.
"""

from __future__ import annotations

import argparse
import pathlib
import subprocess
import sys
import tempfile
import time
import zipfile

import matplotlib
import numpy as np
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

import numparam as mx

matplotlib.use("Agg")  # draws into files, without a display
from matplotlib import pyplot

CONTEXTS = [mx.cpu(0), mx.cpu(1)]
FACTORS, EPOCHS, BATCH, RATE, DECAY = 32, 16, 2000, 0.01, 2e-4
PACKAGE, MEMBER = "recbole==1.2.1", "recbole/dataset_example/ml-100k/ml-100k.inter"
TARGET = 0.945


def download(folder: pathlib.Path) -> pathlib.Path:
    """Fetch the ratings into a folder."""
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--quiet"]
    done = subprocess.run(
        [*command, "--disable-pip-version-check", "--dest", str(folder), PACKAGE],
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise SystemExit(
            f"pip could not download {PACKAGE}, which holds the ratings; give the file with "
            f"--data.\n{done.stderr}"
        )
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return pathlib.Path(archive.extract(MEMBER, folder))


def read(path: pathlib.Path) -> np.ndarray:
    """Return user, film and rating of each line; users and films are counted from 0."""
    with open(path, encoding="utf-8") as file:
        header = 1 if file.readline().startswith("user_id") else 0
    ratings = np.loadtxt(path, dtype=np.float32, skiprows=header, usecols=(0, 1, 2), ndmin=2)
    ratings[:, :2] -= 1
    return ratings


def split(ratings: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return four fifths for training, and the others, at random."""
    order = np.random.default_rng(0).permutation(len(ratings))
    held_out = len(ratings) // 5
    return ratings[order[held_out:]], ratings[order[:held_out]]


def tables(users: int, films: int) -> mx.gluon.ParameterDict:
    """Declare the embeddings and biases."""
    params = mx.gluon.ParameterDict("movielens_")
    sparse = {"stype": "row_sparse", "grad_stype": "row_sparse"}
    normal = mx.init.Normal(0.05)
    params.get("user_factors", shape=(users, FACTORS), init=normal, **sparse)
    params.get("film_factors", shape=(films, FACTORS), init=normal, **sparse)
    params.get("user_bias", shape=(users, 1), init="zeros", **sparse)
    params.get("film_bias", shape=(films, 1), init="zeros", **sparse)
    return params


def embedded(table: mx.gluon.Parameter, ids: mx.nd.NDArray) -> mx.nd.NDArray:
    """Return the rows of ids, one for each; only these rows get a gradient."""
    rows = table.row_sparse_data(ids)
    return mx.nd.Embedding(ids, rows, *table.shape, sparse_grad=True)


def predicted(
    params: mx.gluon.ParameterDict, users: mx.nd.NDArray, films: mx.nd.NDArray
) -> mx.nd.NDArray:
    """Return how far above the mean each user rates each film."""
    user_factors, film_factors, user_bias, film_bias = params.values()
    product = embedded(user_factors, users) * embedded(film_factors, films)
    biases = embedded(user_bias, users) + embedded(film_bias, films)
    return product.sum(axis=1) + biases.reshape(-1)


def columns(batch: np.ndarray, context: mx.Context) -> list[mx.nd.NDArray]:
    """Return users, films and ratings on a context."""
    users, films = (mx.nd.array(batch[:, c].astype(np.int64), context, "int64") for c in (0, 1))
    return [users, films, mx.nd.array(batch[:, 2], context)]


def step(
    params: mx.gluon.ParameterDict, trainer: mx.gluon.Trainer, batch: np.ndarray, mean: float
) -> float:
    """Train with one batch, a share of it on each context; return the sum of squared errors."""
    losses = []
    for context, share in zip(CONTEXTS, np.array_split(batch, len(CONTEXTS)), strict=True):
        users, films, ratings = columns(share, context)
        with mx.autograd.record():
            error = predicted(params, users, films) - (ratings - mean)
            losses.append((error * error).sum() / 2)
    mx.autograd.backward(losses)
    trainer.step(len(batch))
    return 2 * sum(float(loss.asnumpy().sum()) for loss in losses)


def rmse(params: mx.gluon.ParameterDict, ratings: np.ndarray, mean: float) -> float:
    """Root of the mean squared error; predictions are clipped to the scale of 1 to 5."""
    users, films, truth = columns(ratings, CONTEXTS[0])
    guess = np.clip(predicted(params, users, films).asnumpy() + mean, 1, 5)
    return float(np.sqrt(np.mean((guess - truth.asnumpy()) ** 2)))


def train(
    params: mx.gluon.ParameterDict, training: np.ndarray, held_out: np.ndarray, console: Console
) -> list[tuple[float, float]]:
    """Train on all contexts; return the errors on training and held-out ratings by epoch."""
    generator = np.random.default_rng(1)
    mean = float(training[:, 2].mean())
    options = {"learning_rate": RATE, "wd": DECAY, "lazy_update": False}
    trainer = mx.gluon.Trainer(params, "adam", options)
    columns_shown = (
        TextColumn("epoch {task.fields[epoch]}"),
        BarColumn(),
        TextColumn("held-out RMSE {task.fields[rmse]:.4f}"),
        TimeRemainingColumn(),
    )
    starts = range(0, len(training), BATCH)
    curve = []
    with Progress(*columns_shown, console=console) as progress:
        bar = progress.add_task("", total=EPOCHS * len(starts), epoch=0, rmse=float("nan"))
        for epoch in range(1, EPOCHS + 1):
            shuffled = generator.permutation(training)
            squares = 0.0
            for start in starts:
                squares += step(params, trainer, shuffled[start : start + BATCH], mean)
                progress.advance(bar)
            curve.append(((squares / len(training)) ** 0.5, rmse(params, held_out, mean)))
            progress.update(bar, epoch=epoch, rmse=curve[-1][1])
    return curve


def draw(curve: list[tuple[float, float]], path: pathlib.Path) -> None:
    """Draw the learning curve into a PNG file."""
    figure, axes = pyplot.subplots(figsize=(6, 3.5), layout="constrained")
    epochs = range(1, len(curve) + 1)
    for errors, label in zip(zip(*curve, strict=True), ("training", "held out"), strict=True):
        axes.plot(epochs, errors, marker="o", label=label)
    axes.axhline(TARGET, color="grey", linestyle=":", label=f"target {TARGET}")
    axes.set(xlabel="epoch", ylabel="RMSE", title="MovieLens-100K, exact sparse Adam")
    axes.legend()
    figure.savefig(path, dpi=150)
    pyplot.close(figure)


def main() -> None:
    """Load the ratings, train, draw the curve, and check the error."""
    parser = argparse.ArgumentParser(description="Factorise the ratings of MovieLens-100K.")
    parser.add_argument("--data", type=pathlib.Path, help="ml-100k.inter; downloaded if not given")
    parser.add_argument(
        "--curve",
        type=pathlib.Path,
        default=pathlib.Path("movielens.png"),
        help="where to draw the learning curve (default: %(default)s)",
    )
    options = parser.parse_args()
    console = Console()
    with tempfile.TemporaryDirectory() as folder:
        ratings = read(options.data or download(pathlib.Path(folder)))
    training, held_out = split(ratings)
    users, films = (int(ratings[:, column].max()) + 1 for column in (0, 1))
    console.print(f"{len(training):,} ratings to train with, {len(held_out):,} held out")

    mx.random.seed(7)
    params = tables(users, films)
    params.initialize(ctx=CONTEXTS)
    wall, cpu = time.perf_counter(), time.process_time()
    curve = train(params, training, held_out, console)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    draw(curve, options.curve)
    error = curve[-1][1]
    console.print(f"RMSE on the held-out ratings: {error:.4f} (target: at most {TARGET})")
    console.print(f"{EPOCHS} epochs in {wall:.1f} s, {cpu:.1f} s of CPU time")
    console.print(f"learning curve: {options.curve}", soft_wrap=True)
    if not error <= TARGET:
        raise SystemExit(f"the RMSE {error:.4f} misses the target of {TARGET}")


if __name__ == "__main__":
    main()
