"""MXNet's side of the comparison: `python mxnet_worker.py` answers lines of JSON (see `Worker`).

``{"prepare": NAME, "arguments": {…}}`` prepares a call by a function of this file. The script runs
under MXNet's own interpreter, so it imports nothing of this project and is written for the Python
versions that MXNet supports.
"""

import json
import os
import sys
import time

import mxnet as mx
import numpy as np

nd = mx.nd
MEBI = 1 << 20


def arrays(count, dtype="float32", nbytes=64 * MEBI):
    size = nbytes // np.dtype(dtype).itemsize
    return [nd.full(size, i + 1, dtype=dtype) for i in range(count)]


def mean(count, dtype, nbytes=64 * MEBI):
    sources = arrays(count, dtype, nbytes)
    out = nd.zeros_like(sources[0])

    def call():
        nd.add_n(*sources, out=out)
        out[:] = out / count
        out.wait_to_read()

    return call


def zero(nbytes=64 * MEBI):
    (array,) = arrays(1, nbytes=nbytes)

    def call():
        array[:] = 0
        array.wait_to_read()

    return call


def zero_many(count, size):
    many = [nd.ones(size) for _ in range(count)]

    def call():
        nd.reset_arrays(*many, num_arrays=count)
        nd.waitall()

    return call


def retain(rows, columns, wanted):
    generator = np.random.RandomState(0)
    data = nd.ones((rows, columns))
    array = nd.sparse.row_sparse_array((data, np.arange(rows)), shape=(rows, columns))
    ids = nd.array(np.sort(generator.choice(rows, wanted, replace=False)), dtype="int64")
    return lambda: nd.sparse.retain(array, ids).wait_to_read()


def gather(rows, columns, wanted):
    table = nd.ones((rows, columns))
    ids = nd.array(np.sort(np.random.RandomState(0).choice(rows, wanted, replace=False)))
    out = nd.zeros((wanted, columns))

    def call():
        nd.take(table, ids, out=out)
        out.wait_to_read()

    return call


def merge(count, rows, columns, held):
    generator = np.random.RandomState(0)
    many = [
        nd.sparse.row_sparse_array(
            (nd.ones((held, columns)), np.sort(generator.choice(rows, held, replace=False))),
            shape=(rows, columns),
        )
        for _ in range(count)
    ]
    return lambda: nd.sparse.add_n(*many).wait_to_read()


def cast(source, target):
    array = nd.ones(64 * MEBI // 4, dtype=source)
    out = nd.zeros(array.shape, dtype=target)

    def call():
        array.copyto(out)
        out.wait_to_read()

    return call


def random(name):
    out = nd.zeros(16 * MEBI)
    draw = getattr(nd.random, name)

    def call():
        draw(shape=out.shape, out=out)
        out.wait_to_read()

    return call


def sum_of_squares():
    (array,) = arrays(1)
    return lambda: nd.multi_sum_sq(array, num_arrays=1).wait_to_read()


def scale():
    (array,) = arrays(1)

    def call():
        nd._internal._mul_scalar(array, scalar=1.0, out=array)
        array.wait_to_read()

    return call


def zeros():
    return lambda: nd.zeros(16 * MEBI).wait_to_read()


def from_numpy_copy():
    host = np.ones(16 * MEBI, np.float32)
    return lambda: nd.array(host, dtype="float32").wait_to_read()


def new_copy():
    (array,) = arrays(1)
    return lambda: array.copy().wait_to_read()


def new_cast(target):
    (array,) = arrays(1)
    return lambda: array.astype(target).wait_to_read()


def save(path, shapes):
    many = {f"array{i}": nd.full(tuple(shape), i) for i, shape in enumerate(shapes)}
    nd.waitall()
    return lambda: nd.save(path, many)


def load(path):
    def call():
        nd.load(path)
        nd.waitall()

    return call


def parameters(shapes, contexts=1, **attributes):
    ctx = [mx.cpu(i) for i in range(contexts)]
    made = mx.gluon.ParameterDict()
    for i, shape in enumerate(shapes):
        made.get(f"p{i}", shape=tuple(shape), **attributes)
    made.initialize(mx.init.One(), ctx=ctx)
    nd.waitall()
    return made


def reduce(count):
    made = parameters([[16 * MEBI]], count, grad_req="null")
    (parameter,) = made.values()
    return lambda: parameter._reduce().wait_to_read()


def zero_grad(shapes):
    made = parameters(shapes)

    def call():
        made.zero_grad()
        nd.waitall()

    return call


def add(right):
    array = nd.ones(3)
    if right == "1":
        return lambda: (array + 1).wait_to_read()
    return lambda: (array + array).wait_to_read()


def subtract_row_sparse(rows, columns, held):
    array = nd.ones((rows, columns))
    ids = np.sort(np.random.RandomState(0).choice(rows, held, replace=False))
    sparse = nd.sparse.row_sparse_array((nd.zeros((held, columns)), ids), shape=array.shape)

    def call():
        nd.elemwise_sub(array, sparse, out=array)
        array.wait_to_read()

    return call


def save_parameters(path, shapes):
    made = parameters(shapes, grad_req="null")
    return lambda: made.save(path)


def create(count, size):
    def call():
        parameters([[size]] * count)

    return call


def initialize(size):
    parameter = mx.gluon.Parameter("weight", shape=(size,), grad_req="null")

    def call():
        parameter.initialize(mx.init.Uniform(), force_reinit=True)
        parameter.data().wait_to_read()

    return call


def data():
    (parameter,) = parameters([[4]]).values()
    ctx = mx.cpu(0)
    return lambda: parameter.data(ctx)


def load_parameters(path, shapes):
    made = parameters(shapes, grad_req="null")
    made.save(path)

    def call():
        made.load(path)
        nd.waitall()

    return call


def two_layers():
    generator = np.random.RandomState(0)
    inputs = nd.array(generator.normal(size=(32, 64)))
    targets = nd.array(np.eye(10)[generator.randint(0, 10, 32)])
    variables = [
        nd.array(generator.normal(size=shape) * 0.1) for shape in ((64, 64), (64,), (64, 10), (10,))
    ]
    for variable in variables:
        variable.attach_grad()
    first, first_bias, second, second_bias = variables

    def call():
        with mx.autograd.record():
            hidden = nd.relu(nd.broadcast_add(nd.dot(inputs, first), first_bias))
            scores = nd.broadcast_add(nd.dot(hidden, second), second_bias).exp()
            chances = nd.broadcast_div(scores, scores.sum(axis=1, keepdims=True))
            loss = (-(chances.log() * targets).sum(axis=1)).mean()
        loss.backward()
        nd.waitall()

    return call


def embedding(rows=1000000, columns=64, count=4096):
    ids = nd.array(np.random.RandomState(0).randint(0, rows, count), dtype="int64")
    table = nd.zeros((rows, columns))
    table.attach_grad(stype="row_sparse")
    head_grad = nd.ones((count, columns))

    def call():
        with mx.autograd.record():
            found = nd.Embedding(ids, table, rows, columns, sparse_grad=True)
        found.backward(head_grad)
        nd.waitall()

    return call


def trainer_step(shapes, name, arguments, contexts):
    made = parameters(shapes, contexts)
    trainer = mx.gluon.Trainer(made, name, arguments)
    arrays = []
    for parameter in made.values():
        for gradient in parameter.list_grad():
            gradient[:] = 1e-3
        arrays.extend(parameter._data)

    def call():
        for array in arrays:
            array._fresh_grad = True
        trainer.step(1)
        nd.waitall()

    return call


def row_sparse_data(rows, columns, wanted):
    table = mx.gluon.Parameter("table", shape=(rows, columns), stype="row_sparse")
    table.initialize(mx.init.One())
    mx.gluon.Trainer([table], "sgd")
    ids = nd.array(np.random.RandomState(0).randint(0, rows, wanted), dtype="int64")
    return lambda: table.row_sparse_data(ids).wait_to_read()


def main():
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # so that what MXNet prints does not mix with the answers
    call = None
    for line in sys.stdin:
        question = json.loads(line)
        if "version" in question:
            answer = {"version": mx.__version__}
        elif "prepare" in question:
            call = None
            try:
                call = globals()[question["prepare"]](**question["arguments"])
                call()
                answer = {}
            except Exception as error:
                answer = {"error": str(error)}
        else:
            start = time.perf_counter()
            for _ in range(question["repeat"]):
                call()
            answer = {"seconds": time.perf_counter() - start}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
