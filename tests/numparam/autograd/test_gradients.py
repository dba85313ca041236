"""The backward pass: where gradients go, what is refused, what is kept and let go."""

from __future__ import annotations

import gc
import threading
import tracemalloc
import weakref

import numpy as np
import pytest

import numparam as mx
from numparam import autograd, gluon
from numparam import ndarray as nd
from numparam.autograd import (
    GradientArgumentError,
    NoGraphError,
    NoSymbolError,
    NotDifferentiableError,
)
from tests.support.opaque import opaque_device


def variable(values, grad_req="write", **keywords):
    array = nd.array(values, **keywords)
    array.attach_grad(grad_req)
    return array


def squares(x):
    with autograd.record():
        return x * x


# Where gradients go


@pytest.mark.parametrize(("request_", "expected"), [("write", [2, 4]), ("add", [4, 8])])
def test_gradients_are_written_or_added(request_, expected):
    x = variable([1, 2], request_)
    for _ in range(2):
        squares(x).backward()
    assert x.grad.asnumpy().tolist() == expected
    assert x._fresh_grad == 1


def test_null_takes_nothing_and_is_no_reason_to_fail_beside_others():
    x, y = variable([1, 2], "null"), variable([3, 4])
    with autograd.record():
        z = x * y
    z.backward()
    assert x.grad.asnumpy().tolist() == [0, 0]
    assert x._fresh_grad == 0
    assert y.grad.asnumpy().tolist() == [1, 2]


def test_a_graph_goes_on_to_the_gradient_it_was_recorded_with():
    x = variable([1, 2])
    y = squares(x)
    old = x.grad
    x.attach_grad("add")
    y.backward()
    assert old.asnumpy().tolist() == [2, 4]
    assert x.grad.asnumpy().tolist() == [0, 0]


def test_a_variable_behind_constants_alone_gets_zeros():
    x = variable([1.5, 2])
    x.grad[:] = 7
    with autograd.record():
        y = x.floor() + nd.BlockGrad(x)
    y.backward()
    assert x.grad.asnumpy().tolist() == [0, 0]
    assert x._fresh_grad == 1


def test_a_float16_variable_may_have_a_float32_gradient():
    x, gradient = nd.ones((3,), dtype="float16"), nd.zeros((3,))
    autograd.mark_variables(x, gradient)
    with autograd.record():
        y = x.astype("float32") * 3
    y.backward()
    assert gradient.asnumpy().tolist() == [3, 3, 3]


def test_a_parameter_takes_gradients_on_each_context():
    contexts = [mx.cpu(0), mx.cpu(1)]
    weight = gluon.Parameter("weight", shape=(2,), grad_req="add")
    weight.initialize("ones", ctx=contexts)
    with autograd.record():
        losses = [weight.data(context) * (1 + number) for number, context in enumerate(contexts)]
    autograd.backward(losses)
    assert [one.asnumpy().tolist() for one in weight.list_grad()] == [[1, 1], [2, 2]]
    assert [array._fresh_grad for array in weight.list_data()] == [1, 1]


def test_cotangents_cross_contexts():
    x = variable([1, 2])
    with autograd.record():
        y = x.as_in_context(mx.cpu(1)) * 3
        z = y.as_in_context(mx.cpu(0)) * x
    z.backward()
    assert x.grad.asnumpy().tolist() == [6, 12]


def test_rows_that_reach_a_computed_table_become_dense():
    x = variable([[1, 2], [3, 4], [5, 6]])
    with autograd.record():
        y = nd.take(x * 2, nd.array([2, 0, 2]))
    y.backward()
    assert x.grad.asnumpy().tolist() == [[2, 2], [0, 0], [4, 4]]


@pytest.mark.parametrize("request_", ["write", "add"])
@pytest.mark.parametrize("stype", ["default", "row_sparse"])
def test_rows_and_dense_gradients_of_one_table_are_added(stype, request_):
    table = nd.array(np.arange(8).reshape(4, 2))
    table.attach_grad(request_, stype=stype)
    ids = nd.array([3, 0, 3])
    for _ in range(2):
        with autograd.record():
            loss = nd.Embedding(ids, table, 4, 2, sparse_grad=True).sum() + table[1].sum()
        loss.backward()
    times = 2 if request_ == "add" else 1
    grad = table.grad.asnumpy()
    assert (grad == times * np.array([[1, 1], [1, 1], [0, 0], [2, 2]])).all()
    if stype == "row_sparse":
        assert table.grad.indices.asnumpy().tolist() == [0, 1, 3]


def test_the_dense_factor_of_a_sparse_product_gets_the_rows_of_used_columns():
    matrix = nd.array([[0, 2, 0, 0], [0, 1, 0, 3]]).tostype("csr")
    weight = nd.ones((4, 2))
    weight.attach_grad(stype="row_sparse")
    with autograd.record():
        product = nd.dot(matrix, weight)
    product.backward()
    assert weight.grad.indices.asnumpy().tolist() == [1, 3]
    assert weight.grad.data.asnumpy().tolist() == [[3, 3], [3, 3]]


def test_gradients_flow_where_the_host_cannot_touch_the_buffers():
    with opaque_device("cpu"):
        x = variable([[1, 2], [3, 4]])
        table = nd.ones((3, 2))
        table.attach_grad(stype="row_sparse")
        with autograd.record():
            rows = nd.take(table, nd.array([2, 0]))
            y = ((x[1] * x + rows).exp().log() / 2).sum(axis=0) - x.mean()
        y.backward()
        found = x.grad.asnumpy()
        assert table.grad.indices.asnumpy().tolist() == [0, 2]
    assert np.allclose(found, [[1, 1.5], [3, 4.5]])


# Heads


def test_a_variable_is_its_own_head():
    x = variable([1, 2])
    x.backward(nd.array([5, 6]))
    assert x.grad.asnumpy().tolist() == [5, 6]


def test_a_head_gradient_is_not_changed():
    x, given = variable([1, 2]), nd.array([5, 6])
    with autograd.record():
        y = x + x * 1 + x
    y.backward(given)
    assert x.grad.asnumpy().tolist() == [15, 18]
    assert given.asnumpy().tolist() == [5, 6]


def test_the_gradient_itself_may_be_the_head_gradient():
    x = variable([1, 2])
    x.grad[:] = [5, 6]
    with autograd.record():
        y = x + 0
    y.backward(x.grad)
    assert x.grad.asnumpy().tolist() == [5, 6]


def shape(y):
    return ([y], [nd.ones((3,))])


def two_head_gradients(y):
    return ([y], [None, None])


def list_as_a_head_gradient(y):
    return ([y], [[1, 1]])


def no_heads(y):
    return ([], [])


def number_as_a_head(y):
    return ([y, 3], None)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(shape, "shape", id="shape"),
        pytest.param(two_head_gradients, "2 head gradients", id="number"),
        pytest.param(list_as_a_head_gradient, "must be an NDArray", id="list"),
        pytest.param(no_heads, "empty", id="no heads"),
        pytest.param(number_as_a_head, "must be an NDArray", id="number as a head"),
    ],
)
def test_heads_that_do_not_fit_change_nothing(arguments, message):
    x = variable([1, 2])
    y = squares(x)
    with pytest.raises(GradientArgumentError, match=message):
        autograd.backward(*arguments(y))
    assert x.grad.asnumpy().tolist() == [0, 0]
    assert x._fresh_grad == 0
    y.backward()  # the graph is as it was
    assert x.grad.asnumpy().tolist() == [2, 4]


def test_a_head_gradient_on_another_device_is_refused():
    x = variable([1, 2])
    y = squares(x)
    with opaque_device("cpu"):
        elsewhere = nd.ones((2,), ctx=mx.cpu(5))
    with pytest.raises(GradientArgumentError, match="as_in_context"):
        y.backward(elsewhere)


def constant(x):
    return nd.ones((2,))


def not_recorded(x):
    return x * 2


def detached(x):
    return squares(x).detach()


@pytest.mark.parametrize(
    "head",
    [
        pytest.param(constant, id="constant"),
        pytest.param(not_recorded, id="not recorded"),
        pytest.param(detached, id="detached"),
    ],
)
def test_what_was_not_recorded_says_how_to_record(head):
    x = variable([1, 2])
    with pytest.raises(NoGraphError, match="record"):
        head(x).backward()


def test_a_second_pass_names_the_remedy_and_changes_nothing():
    x = variable([1, 2], "add")
    y = squares(x)
    y.backward()
    with pytest.raises(NoGraphError, match="retain_graph=True"):
        y.backward()
    assert x.grad.asnumpy().tolist() == [2, 4]


def test_a_pass_through_a_part_that_was_used_changes_nothing():
    x, w = variable([1, 2]), variable([3, 4])
    with autograd.record():
        shared = x * 2
        first, second = shared * w, shared + w
    first.backward()
    before = w.grad.asnumpy()
    with pytest.raises(NoGraphError, match="_mul_scalar"):
        second.backward()
    assert (w.grad.asnumpy() == before).all()


def test_operations_without_a_derivative_are_named():
    x = variable([3.0, 1])
    with autograd.record():
        y = np.multiply.accumulate(x)
    with pytest.raises(NotDifferentiableError, match=r"multiply\.accumulate"):
        y.backward()
    assert x._fresh_grad == 0


def test_there_are_no_symbols():
    x = variable([1, 2])
    with pytest.raises(NoSymbolError, match="symbolic"):
        autograd.get_symbol(squares(x))


# grad


def test_grad_returns_gradients_and_writes_none():
    x, w = variable([1, 2]), variable([3, 4])
    with autograd.record():
        y = x * w
    found = autograd.grad(y, [w, x], nd.array([1, 10]))
    assert [one.asnumpy().tolist() for one in found] == [[1, 20], [3, 40]]
    assert x.grad.asnumpy().tolist() == w.grad.asnumpy().tolist() == [0, 0]
    assert x._fresh_grad == 0


def test_grad_differentiates_by_what_was_computed_too():
    x = variable([1, 2])
    with autograd.record():
        y = x * 2
        z = y * y
    assert autograd.grad(z, [y, x])[0].asnumpy().tolist() == [4, 8]


def of_another_variable(x, w):
    return squares(x), [w]


def one_of_several(x, w):
    return squares(x), [x, w]


def what_was_computed_beside_the_heads(x, w):
    with autograd.record():
        head, other = x * x, x + 1
    return head, [x, other]


def a_part_of_an_operation_that_the_heads_do_not_use(x, w):
    with autograd.record():
        head, part = x * x, nd.split(w * 1, 2, axis=0)[0]
    return head, [part]


def the_gradient_of_a_product_by_its_own_factor(x, w):
    with autograd.record():
        (first,) = autograd.grad(x * w, x, create_graph=True)
    return first, [x]


def an_array_itself(x, w):
    return x, [w]


@pytest.mark.parametrize(
    "record",
    [
        of_another_variable,
        one_of_several,
        what_was_computed_beside_the_heads,
        a_part_of_an_operation_that_the_heads_do_not_use,
        the_gradient_of_a_product_by_its_own_factor,
        an_array_itself,
    ],
)
@pytest.mark.parametrize("create_graph", [False, True])
def test_grad_by_what_the_heads_were_not_computed_of_is_refused(record, create_graph):
    x, w = variable([1, 2]), variable([3, 4])
    head, variables = record(x, w)
    position = len(variables) - 1
    with pytest.raises(NoGraphError, match=rf"not computed from variables\[{position}\]"):
        autograd.grad(head, variables, create_graph=create_graph)


def test_the_graph_is_there_after_grad_was_refused():
    x, w = variable([1, 2]), variable([3, 4])
    head = squares(x)
    with pytest.raises(NoGraphError):
        autograd.grad(head, [x, w])
    head.backward()
    assert x.grad.asnumpy().tolist() == [2, 4]
    assert w._fresh_grad == 0


@pytest.mark.parametrize(
    "function",
    [
        pytest.param(nd.BlockGrad, id="BlockGrad"),
        pytest.param(nd.zeros_like, id="zeros_like"),
        pytest.param(nd.floor, id="floor"),
        pytest.param(nd.argsort, id="argsort"),
    ],
)
def test_grad_is_zero_by_what_the_heads_depend_on_through_constants(function):
    x = variable([1, 2])
    with autograd.record():
        head = function(x) * 2
    assert autograd.grad(head, x)[0].asnumpy().tolist() == [0, 0]


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(([],), id="no heads"),
        pytest.param((1, []), id="too few"),
        pytest.param((1, [None, None]), id="too many"),
    ],
)
def test_lists_that_do_not_fit_are_assertion_errors_as_in_mxnet(arguments):
    heads = [squares(variable([1, 2]))] if arguments[0] == 1 else arguments[0]
    with pytest.raises(AssertionError):
        autograd.backward(heads, *arguments[1:])


def test_what_grad_returns_is_memory_of_its_own():
    x, given = variable([1, 2]), nd.array([5, 6])
    with autograd.record():
        y = x + 0
    found = autograd.grad(y, x, given)[0]
    found[:] = 0
    assert given.asnumpy().tolist() == [5, 6]


def test_grad_by_an_array_that_is_not_marked_is_refused():
    x = variable([1, 2])
    with pytest.raises(NoGraphError, match="attach_grad"):
        autograd.grad(squares(x), nd.ones((2,)))


@pytest.mark.parametrize("order", [2, 3])
def test_gradients_are_differentiated_again(order):
    x = variable([0.3, 1.2], dtype="float64")
    with autograd.record():
        result = x.sin() * x
        for _ in range(order - 1):
            result = autograd.grad(result, [x], create_graph=True, retain_graph=True)[0]
    result.backward()
    host = x.asnumpy()
    expected = {
        2: 2 * np.cos(host) - host * np.sin(host),
        3: -3 * np.sin(host) - host * np.cos(host),
    }
    assert np.allclose(x.grad.asnumpy(), expected[order])


@pytest.mark.parametrize("stype", ["default", "row_sparse"])
@pytest.mark.parametrize(
    ("function", "slope"),
    [
        pytest.param(lambda x: x.radians(), np.pi / 180, id="radians"),
        pytest.param(lambda x: x + 1, 1, id="a sum"),
        pytest.param(lambda x: x * -2, -2, id="a multiple"),
        pytest.param(lambda x: x.floor(), 0, id="floor"),
        pytest.param(nd.BlockGrad, 0, id="a constant"),
    ],
)
def test_the_gradient_of_a_constant_gradient_is_zero(function, slope, stype):
    x = nd.array([[0.3, np.inf], [-1.2, 0]])
    x.attach_grad(stype=stype)
    with autograd.record():
        first = autograd.grad(function(x), [x], create_graph=True)[0]
    first.backward()
    assert np.allclose(first.asnumpy(), slope)
    assert x.grad.asnumpy().tolist() == [[0, 0], [0, 0]]


def test_a_penalty_on_gradients_trains():
    x = variable([[0.5, 1.0], [2.0, 1.5]], dtype="float64")
    with autograd.record():
        y = nd.dot(x, x).sum(axis=0) / x.mean()
        slope = autograd.grad(y, [x], create_graph=True)[0]
        penalty = (slope * slope).sum()
    penalty.backward()
    found = x.grad.asnumpy()

    def value(host):
        array = variable(host, dtype="float64")
        with autograd.record():
            result = nd.dot(array, array).sum(axis=0) / array.mean()
        result.backward()
        return (array.grad.asnumpy() ** 2).sum()

    host = x.asnumpy()
    for place in np.ndindex(host.shape):
        step = np.zeros_like(host)
        step[place] = 1e-6
        assert np.isclose(found[place], (value(host + step) - value(host - step)) / 2e-6, rtol=1e-5)


def test_what_cannot_be_differentiated_twice_says_so():
    x = variable([[1, 2], [3, 4]])
    with autograd.record():
        y = nd.sort(x)
    with pytest.raises(NotDifferentiableError, match="sort"):
        autograd.grad(y, [x], create_graph=True)


@pytest.mark.parametrize("stype", ["default", "row_sparse"])
@pytest.mark.parametrize(
    "look_up",
    [
        pytest.param(lambda table, ids: nd.take(table, ids), id="take"),
        pytest.param(
            lambda table, ids: nd.Embedding(ids, table, input_dim=3, output_dim=2), id="Embedding"
        ),
    ],
)
def test_a_penalty_on_the_gradient_of_a_table_trains(look_up, stype):
    table = nd.array([[1, 2], [3, 4], [5, 6]])
    table.attach_grad(stype=stype)
    ids = nd.array([2, 0, 2])
    with autograd.record():
        rows = look_up(table, ids)
        slope = autograd.grad(rows * rows, [table], create_graph=True)[0]  # 4 x in row 2
        penalty = (slope * slope).sum() / 2
    penalty.backward()
    assert slope.asnumpy().tolist() == [[2, 4], [0, 0], [20, 24]]
    assert table.grad.asnumpy().tolist() == [[4, 8], [0, 0], [80, 96]]


# Memory and threads


def test_intermediate_arrays_are_freed_as_the_pass_goes_by():
    at_the_end = []

    class First(autograd.Function):
        def forward(self, x):
            return x + 1

        def backward(self, cotangent):
            at_the_end.append(tracemalloc.get_traced_memory()[0])
            return cotangent

    size = 1 << 18
    x = variable(np.full(size, 0.5), dtype="float32")
    for depth in (1, 20):  # the first pass loads what is not loaded yet, which is not measured
        gc.collect()
        tracemalloc.start()
        try:
            with autograd.record():
                y = First()(x)
                for _ in range(depth):
                    y = y.sin()
            recorded = tracemalloc.get_traced_memory()[0]
            tracemalloc.reset_peak()
            y.backward()
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert recorded > 20 * size * 4
    # A few cotangents come, and when the pass arrives at the first operation the rest is gone.
    assert peak < recorded + 8 * size * 4
    assert at_the_end[-1] < 8 * size * 4


def test_a_graph_lives_no_longer_than_its_heads():
    x = variable([1, 2])
    with autograd.record():
        hidden = x * 2
        head = hidden * hidden
    kept = weakref.ref(hidden)
    memory = weakref.ref(hidden._memory)
    del hidden
    assert kept() is None
    assert memory() is not None  # the product needs it
    del head
    assert memory() is None


def test_long_chains_need_no_recursion():
    x = variable([1.0])
    with autograd.record():
        y = x
        for _ in range(20_000):
            y = y + 1
    y.backward()
    assert x.grad.asscalar() == 1
    del y


def test_threads_record_for_themselves_and_train_at_once():
    barrier = threading.Barrier(8)
    failures = []

    def train(number):
        try:
            x = variable([float(number), 2.0], "add")
            barrier.wait()
            assert not autograd.is_recording()
            for _ in range(50):
                with autograd.record():
                    y = (x * x * number).sum()
                y.backward()
            assert x.grad.asnumpy().tolist() == [100 * number * number, 200 * number]
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=train, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


def test_a_graph_of_one_thread_is_run_backward_in_another():
    x = variable([1, 2])
    y = squares(x)
    thread = threading.Thread(target=y.backward)
    thread.start()
    thread.join()
    assert x.grad.asnumpy().tolist() == [2, 4]


def test_threads_add_to_one_gradient():
    x = variable([1.0, 2.0], "add")

    def add():
        for _ in range(100):
            squares(x).backward()

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert x.grad.asnumpy().tolist() == [800, 1600]


def test_nothing_is_recorded_beside_the_tape():
    x = variable([1, 2])
    assert (x * 2)._marking is None
    with autograd.record():
        assert nd.ones((2,))._marking is None
        assert (nd.ones((2,)) * 2)._marking is None
        with autograd.pause():
            assert (x * 2)._marking is None
        assert (x * 2)._marking is not None


def test_the_pass_runs_in_the_mode_that_is_asked_for():
    seen = []

    class Look(autograd.Function):
        def forward(self, x):
            return x * 1

        def backward(self, dy):
            seen.append((autograd.is_training(), autograd.is_recording()))
            return dy

    for mode in (True, False):
        x = variable([1, 2])
        with autograd.record():
            y = Look()(x)
        y.backward(train_mode=mode)
    assert seen == [(True, False), (False, False)]
