"""Classes drawn with probabilities that fall as those of words in a lexicon do.

Of `range_max` classes, sorted by falling frequency, class k is drawn with a probability near
``log((k + 2) / (k + 1)) / log(range_max + 1)``. Such samples are the false classes of sampled
losses over large vocabularies.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from numparam import generator
from numparam.context import Context
from numparam.ndarray.arguments import device_of, shape_of
from numparam.ndarray.ndarray import NDArray
from numparam.ndarray.operations import OperationError
from numparam.ndarray.random import uniform

__all__ = ["rand_zipfian", "sample_unique_zipfian"]


def rand_zipfian(
    true_classes: NDArray, num_sampled: int, range_max: int, ctx: Context | None = None
) -> tuple[NDArray, NDArray, NDArray]:
    """Draw classes with replacement, and compute how often classes are to be expected.

    Parameters
    ----------
    true_classes : NDArray
        Classes of any shape whose expected counts are computed, too.
    num_sampled : int
        Number of draws.
    range_max : int
        Number of classes.
    ctx : Context, optional
        Context of the results; the current one if not given.

    Returns
    -------
    samples : NDArray
        int64, of shape ``(num_sampled,)``.
    expected_count_true : NDArray
        float64: the mean number of draws of each of `true_classes`.
    expected_count_sample : NDArray
        float64: that of each of `samples`.

    Raises
    ------
    MXNetError
        If `range_max` is not positive, or the number of draws is negative.

    Examples
    --------
    >>> import numparam as mx
    >>> mx.random.seed(0)
    >>> samples, true, _ = mx.nd.contrib.rand_zipfian(mx.nd.array([0, 3]), 4, range_max=5)
    >>> samples.shape, true.asnumpy().round(2)
    ((4,), array([1.55, 0.5 ]))
    """
    count = _checked_classes(range_max)
    log_range = math.log(count + 1)
    drawn = uniform(0, log_range, shape=(num_sampled,), dtype="float64", ctx=ctx)
    samples = (drawn.exp() - 1).astype("int64") % count

    def expected(classes: NDArray) -> NDArray:
        wide = classes.astype("float64")
        return ((wide + 2) / (wide + 1)).log() / log_range * num_sampled

    return samples, expected(true_classes.as_in_context(samples.context)), expected(samples)


def sample_unique_zipfian(
    range_max: int, shape: Sequence[int] = (), out: Any = None, name: str | None = None
) -> list[NDArray]:
    """Draw classes without replacement, and count how many draws with replacement that took.

    Parameters
    ----------
    range_max : int
        Number of classes.
    shape : tuple of int
        Number of batches, and of classes in each.
    out : list of NDArray, optional
        Two int64 arrays that the results are written into.
    name : str, optional
        Has no influence.

    Returns
    -------
    list of NDArray
        The classes, int64 of `shape`, each once in a batch; and the number of draws of each batch.

    Raises
    ------
    MXNetError
        If there are fewer classes than a batch is to have, or `shape` has not two dimensions.
    """
    count, lengths = _checked_classes(range_max), shape_of(shape)
    if len(lengths) != 2 or lengths[1] > count:
        raise OperationError(
            "shape must be (batches, classes of each), with no more classes than range_max, which "
            f"is {count}; it is {lengths}"
        )
    numbers = generator.host_generator()
    batches = [_distinct(numbers, count, lengths[1]) for _ in range(lengths[0])]
    classes = np.array([chosen for chosen, _ in batches], np.int64).reshape(lengths)
    trials = np.array([made for _, made in batches], np.int64)
    ctx, backend = device_of(None)
    made = [
        NDArray.from_buffer(backend.upload(values), ctx, backend) for values in (classes, trials)
    ]
    if out is None:
        return made
    for result, target in zip(made, out, strict=True):
        result.copyto(target)
    return list(out)


def _distinct(numbers: np.random.Generator, count: int, wanted: int) -> tuple[np.ndarray, int]:
    """Return distinct classes in the order of their draws, and the number of draws."""
    drawn = np.empty(0, np.int64)
    while True:
        classes, firsts = np.unique(drawn, return_index=True)
        if len(classes) >= wanted:
            order = np.argsort(firsts)[:wanted]
            return classes[order], int(firsts[order[-1]]) + 1 if wanted else 0
        fractions = numbers.random(max(wanted, len(drawn)))
        more = np.rint(np.exp(fractions * math.log(count))).astype(np.int64) - 1
        drawn = np.concatenate([drawn, more % count])


def _checked_classes(range_max: int) -> int:
    try:
        count = operator.index(range_max)
    except TypeError:
        raise OperationError(f"range_max must be an integer, not {range_max!r:.100}") from None
    if count < 1:
        raise OperationError(f"range_max, the number of classes, must be positive, not {count}")
    return count
