"""One class for each kernel, on 64 MB of float32 unless said otherwise."""

from __future__ import annotations

import numpy as np

from numparam.kernels.cpu import average, cast, merge, norm, random, reset, retain, table

SIZE = 16 * 2**20


def arrays(count: int, dtype: str = "float32") -> list[np.ndarray]:
    size = 4 * SIZE // np.dtype(dtype).itemsize
    return [np.full(size, i + 1, dtype) for i in range(count)]


class Mean:
    params = ([2, 4, 8], ["float32", "float64", "float16", "int32"])
    param_names = ("sources", "dtype")

    def setup(self, count, dtype):
        self.sources = arrays(count, dtype)
        self.out = np.empty_like(self.sources[0])
        average.mean(self.sources, self.out)

    def time_mean(self, count, dtype):
        average.mean(self.sources, self.out)


class AddN:
    params = [2, 4, 8]
    param_names = ("sources",)

    def setup(self, count):
        self.sources = arrays(count)
        self.out = np.empty_like(self.sources[0])
        average.add_n(self.sources, self.out)

    def time_add_n(self, count):
        average.add_n(self.sources, self.out)


class Zero:
    params = ["one of 64 MB", "2000 of 1 kB", "2000 of 1 kB, ready table"]
    param_names = ("arrays",)

    def setup(self, form):
        if form.startswith("one"):
            self.arrays = arrays(1)
        else:
            self.arrays = [np.ones(256, np.float32) for _ in range(2000)]
            if "table" in form:
                self.arrays = table.build(self.arrays)
        reset.zero(self.arrays)

    def time_zero(self, form):
        reset.zero(self.arrays)


class Retain:
    """95,000 of 1,000,000 rows of 64 columns."""

    def setup(self):
        generator = np.random.default_rng(0)
        rows = 1_000_000
        self.ids = np.arange(rows)
        self.data = np.ones((rows, 64), np.float32)
        self.wanted = np.sort(generator.choice(rows, 95_000, replace=False))
        self.unsorted = generator.integers(0, rows, 95_000)
        self.out = np.empty((95_000, 64), np.float32)
        for call in (self.time_retain, self.time_gather, self.time_scatter, self.time_unique_ids):
            call()

    def time_retain(self):
        retain.retain(self.ids, self.data, self.wanted, self.out)

    def time_gather(self):
        retain.gather(self.data, self.wanted, self.out)

    def time_scatter(self):
        retain.scatter(self.data, self.wanted, self.out)

    def time_unique_ids(self):
        retain.unique_ids(self.unsorted, 1_000_000)


class Merge:
    """Four row-sparse arrays of 50,000 of 1,000,000 rows of 64 columns."""

    def setup(self):
        generator = np.random.default_rng(0)
        self.ids = [np.sort(generator.choice(1_000_000, 50_000, replace=False)) for _ in range(4)]
        self.data = [np.ones((50_000, 64), np.float32) for _ in range(4)]
        self.time_merge()

    def time_merge(self):
        merge.merge(self.ids, self.data)


class Cast:
    params = ["float16", "bfloat16", "float64", "int32", "uint8"]
    param_names = ("to",)

    def setup(self, target):
        import ml_dtypes

        (self.source,) = arrays(1)
        self.out = np.empty(SIZE, ml_dtypes.bfloat16 if target == "bfloat16" else target)
        self.time_cast(target)

    def time_cast(self, target):
        cast.cast(self.source, out=self.out)


class Copy:
    def setup(self):
        self.source, self.out = arrays(2)
        self.time_copy()

    def time_copy(self):
        cast.copy(self.source, self.out)


class Random:
    params = ["float32", "float64", "float16"]
    param_names = ("dtype",)

    def setup(self, dtype):
        (self.out,) = arrays(1, dtype)
        self.time_uniform(dtype)
        self.time_normal(dtype)

    def time_uniform(self, dtype):
        random.uniform(self.out, seed=1)

    def time_normal(self, dtype):
        random.normal(self.out, seed=1)


class Norm:
    def setup(self):
        self.arrays = arrays(1)
        self.time_sum_of_squares()
        self.time_scale()

    def time_sum_of_squares(self):
        norm.sum_of_squares(self.arrays)

    def time_scale(self):
        norm.scale(self.arrays, 1.0)


class SmallCall:
    """What a call costs when the data is nothing."""

    params = [1, 2, 4, 8]
    param_names = ("arrays",)

    def setup(self, count):
        self.arrays = [np.ones(8, np.float32) for _ in range(count)]
        self.out = np.empty(8, np.float32)
        self.table = table.build(self.arrays)
        self.time_mean(count)
        self.time_zero(count)

    def time_mean(self, count):
        average.mean(self.arrays, self.out)

    def time_zero(self, count):
        reset.zero(self.arrays)

    def time_zero_ready_table(self, count):
        reset.zero(self.table)
