"""What users of parameters do: averaging, zeroing, creating, reading, saving, loading."""

from __future__ import annotations

import pathlib
import tempfile

import numparam as mx

SIZE = 16 * 2**20


def parameters(count, size, contexts=1, **attributes):
    made = mx.gluon.ParameterDict()
    for i in range(count):
        made.get(f"p{i}", shape=(size,), **attributes)
    made.initialize(mx.init.One(), ctx=[mx.cpu(i) for i in range(contexts)])
    return made


class Reduce:
    params = [2, 4, 8]
    param_names = ("contexts",)

    def setup(self, contexts):
        (self.parameter,) = parameters(1, SIZE, contexts, grad_req="null").values()
        self.time_reduce(contexts)

    def time_reduce(self, contexts):
        self.parameter._reduce()


class ZeroGrad:
    params = ["2000 of 10", "300 of 80000"]
    param_names = ("parameters",)

    def setup(self, form):
        count, _, size = form.split()
        self.made = parameters(int(count), int(size))
        self.time_zero_grad(form)

    def time_zero_grad(self, form):
        self.made.zero_grad()


class Creation:
    def setup(self):
        self.parameter = mx.gluon.Parameter("weight", shape=(SIZE,), grad_req="null")
        self.time_create_2000()
        self.time_uniform_64_mb()

    def time_create_2000(self):
        parameters(2000, 10)

    def time_uniform_64_mb(self):
        self.parameter.initialize(mx.init.Uniform(), force_reinit=True)


class Access:
    def setup(self):
        self.made = parameters(1, 4, 2)
        (self.parameter,) = self.made.values()
        self.context = mx.cpu(1)

    def time_data(self):
        self.parameter.data(self.context)

    def time_grad(self):
        self.parameter.grad(self.context)

    def time_list_data(self):
        self.parameter.list_data()

    def time_get(self):
        self.made.get("p0")


class Files:
    """100 MB, through files in memory where the machine has such."""

    def setup(self):
        shared = pathlib.Path("/dev/shm")
        self.folder = tempfile.TemporaryDirectory(dir=shared if shared.is_dir() else None)
        self.path = pathlib.Path(self.folder.name, "net.params")
        self.made = parameters(25, 1_000_000, grad_req="null")
        self.time_save()
        self.time_load()

    def teardown(self):
        self.folder.cleanup()

    def time_save(self):
        self.made.save(self.path)

    def time_load(self):
        self.made.load(self.path)
