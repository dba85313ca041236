"""Arrays of 64 MB, sparse sums, and files of 100 MB in memory."""

from __future__ import annotations

import pathlib
import tempfile

import numpy as np

import numparam as mx

SIZE = 16 * 2**20


class Creation:
    def setup(self):
        self.host = np.ones(SIZE, np.float32)
        self.time_array_from_numpy()

    def time_zeros(self):
        mx.nd.zeros(SIZE)

    def time_ones(self):
        mx.nd.ones(SIZE)

    def time_array_from_numpy(self):
        mx.nd.array(self.host, dtype="float32")


class Copying:
    def setup(self):
        self.array, self.out = mx.nd.ones(SIZE), mx.nd.ones(SIZE)
        for call in (self.time_copy, self.time_copyto, self.time_astype):
            call()

    def time_copy(self):
        self.array.copy()

    def time_copyto(self):
        self.array.copyto(self.out)

    def time_astype(self):
        self.array.astype("float64")


class SparseSum:
    """Four row-sparse arrays of 50,000 of 1,000,000 rows of 64 columns."""

    def setup(self):
        generator = np.random.default_rng(0)
        self.arrays = [
            mx.nd.sparse.row_sparse_array(
                (
                    np.ones((50_000, 64), np.float32),
                    np.sort(generator.choice(1_000_000, 50_000, replace=False)),
                ),
                shape=(1_000_000, 64),
            )
            for _ in range(4)
        ]
        self.time_add_n()

    def time_add_n(self):
        mx.nd.sparse.add_n(*self.arrays)


class Files:
    def setup(self):
        shared = pathlib.Path("/dev/shm")
        self.folder = tempfile.TemporaryDirectory(dir=shared if shared.is_dir() else None)
        self.path = pathlib.Path(self.folder.name, "arrays.params")
        self.arrays = {f"array{i}": mx.nd.full(1_000_000, i) for i in range(25)}
        self.time_save()

    def teardown(self):
        self.folder.cleanup()

    def time_save(self):
        mx.nd.save(self.path, self.arrays)

    def time_load(self):
        mx.nd.load(self.path)
