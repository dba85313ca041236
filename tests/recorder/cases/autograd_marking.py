"""mark_variables, the gradient of an array, and the flag of fresh gradients, without a graph."""

import numpy as np
from harness import any_of, case, dense, gives, outcome, raises, refused


def pair(mx, shape=(2,), dtype="float32"):
    """An array of ones and a gradient of fives."""
    return mx.nd.ones(shape, dtype=dtype), mx.nd.full(shape, 5, dtype=dtype)


@case("2.4 mark_variables")
def mark_variables(mx):
    mark = mx.autograd.mark_variables

    def marked(*arguments, **keywords):
        def run():
            variable, gradient = pair(mx)
            before = variable.grad
            result = mark([variable], [gradient], *arguments, **keywords)
            return [before, result, variable.grad, variable]

        return outcome(run)

    def single():
        variable, gradient = pair(mx)
        mark(variable, gradient)
        return variable.grad

    def several(requests):
        variables, gradients = zip(*(pair(mx, (size,)) for size in (1, 2, 3)), strict=True)
        mark(list(variables), list(gradients), requests)
        return [variable.grad for variable in variables]

    def shared_memory():
        variable, gradient = pair(mx)
        mark([variable], [gradient])
        gradient[:] = 8
        first = variable.grad.asnumpy().tolist()
        variable.grad[:] = 9
        return [first, gradient]

    def again():
        variable, gradient = pair(mx)
        mark([variable], [gradient])
        other = mx.nd.zeros((2,))
        mark([variable], [other])
        return [variable.grad, gradient]

    def row_sparse():
        variable = mx.nd.ones((3, 2))
        mark([variable], [mx.nd.zeros((3, 2), stype="row_sparse")])
        return variable.grad

    def sparse_variable():
        variable = mx.nd.ones((3, 2)).tostype("row_sparse")
        mark([variable], [mx.nd.zeros((3, 2), stype="row_sparse")])
        return variable.grad

    def tuples():
        variable, gradient = pair(mx)
        mark((variable,), (gradient,))
        return variable.grad

    return {
        "default": marked(),
        "write": marked("write"),
        "add": marked("add"),
        "null": marked("null"),
        "list of one": marked(["add"]),
        "by keyword": marked(grad_reqs="add"),
        "single": outcome(single),
        "several, one request": outcome(lambda: several("write")),
        "several requests": outcome(lambda: several(["write", "add", "null"])),
        "shared memory": outcome(shared_memory),
        "again": outcome(again),
        "row_sparse gradient": outcome(row_sparse),
        "row_sparse variable": outcome(sparse_variable),
        "tuples": outcome(tuples),
        "nothing": outcome(lambda: mark([], [])),
    }


@case("2.4 mark_variables refused")
def mark_refused(mx):
    mark = mx.autograd.mark_variables

    def run(requests):
        variable, gradient = pair(mx)
        return outcome(lambda: mark([variable], [gradient], requests))

    variable, gradient = pair(mx)
    return {
        "unknown request": run("bogus"),
        "unknown request in a list": run(["bogus"]),
        "no array": "raises" in outcome(lambda: mark([3], [gradient])),
        "no gradient array": "raises" in outcome(lambda: mark([variable], [3])),
    }


@case(
    "2.4 mark_variables with lists of other lengths",
    crashes="segmentation fault",
    fix="lengths are compared (defect 18)",
    fixed={
        "no gradients": any_of(raises("ValueError"), raises("AssertionError"), refused),
        "too few gradients": refused,
        "too few requests": refused,
        "a list and one array": refused,
        "nothing is marked": gives(True),
    },
)
def other_lengths(mx):
    mark = mx.autograd.mark_variables
    first, gradient = pair(mx)
    second = mx.nd.ones((2,))
    return {
        "no gradients": outcome(lambda: mark([first], [])),
        "too few gradients": outcome(lambda: mark([first, second], [gradient])),
        "too few requests": outcome(
            lambda: mark([first, second], [gradient, mx.nd.zeros((2,))], ["write"])
        ),
        "a list and one array": outcome(lambda: mark([first], gradient)),
        "nothing is marked": outcome(lambda: first.grad is None and second.grad is None),
    }


@case(
    "2.4 mark_variables with gradients that do not fit",
    fix="shape and dtype of a gradient are those of its variable",
    fixed={"shape": refused, "dtype": any_of(gives("marked"), refused)},
)
def gradients_that_do_not_fit(mx):
    def run(gradient):
        mx.autograd.mark_variables([mx.nd.ones((2,))], [gradient])
        return "marked"

    return {
        "shape": outcome(lambda: run(mx.nd.ones((3,)))),
        "dtype": outcome(lambda: run(mx.nd.ones((2,), dtype="float64"))),
    }


@case("2.4 fresh gradients")
def fresh(mx):
    def at_mark():
        variable, gradient = pair(mx)
        mx.autograd.mark_variables([variable], [gradient])
        return bool(variable._fresh_grad)

    def set_and_read(value):
        variable, gradient = pair(mx)
        mx.autograd.mark_variables([variable], [gradient])
        variable._fresh_grad = value
        return bool(variable._fresh_grad)

    def marked_again():
        variable, gradient = pair(mx)
        mx.autograd.mark_variables([variable], [gradient])
        variable._fresh_grad = True
        mx.autograd.mark_variables([variable], [gradient])
        return bool(variable._fresh_grad)

    def of_parameter():
        parameter = mx.gluon.Parameter("w", shape=(2,))
        parameter.initialize("ones")
        seen = [bool(parameter.data()._fresh_grad)]
        parameter.data()._fresh_grad = True
        seen.append(bool(parameter.list_data()[0]._fresh_grad))
        parameter.set_data(mx.nd.zeros((2,)))
        seen.append(bool(parameter.data()._fresh_grad))
        parameter.grad_req = "add"
        seen.append(bool(parameter.data()._fresh_grad))
        return seen

    return {
        "at mark": outcome(at_mark),
        "set": outcome(lambda: set_and_read(True)),
        "unset": outcome(lambda: set_and_read(False)),
        "marked again": outcome(marked_again),
        "of a parameter": outcome(of_parameter),
    }


@case("2.4 marks of other handles")
def other_handles(mx):
    def run(derive):
        variable, gradient = pair(mx)
        mx.autograd.mark_variables([variable], [gradient])
        return derive(variable).grad

    return {
        "the array": outcome(lambda: run(lambda array: array)),
        "detach": outcome(lambda: run(lambda array: array.detach())),
        "copy": outcome(lambda: run(lambda array: array.copy())),
        "whole slice": outcome(lambda: run(lambda array: array[:])),
        "view": outcome(lambda: run(lambda array: array[0:1])),
        "astype": outcome(lambda: run(lambda array: array.astype("float64"))),
        "as_in_context, the same": outcome(
            lambda: run(lambda array: array.as_in_context(array.context))
        ),
        "unmarked": outcome(lambda: mx.nd.ones((2,)).grad),
    }


@case("2.4 in-place writes")
def in_place_writes(mx):
    def run(write, marked=True, recording=True):
        def call():
            variable, gradient = pair(mx)
            if marked:
                mx.autograd.mark_variables([variable], [gradient])
            if recording:
                with mx.autograd.record():
                    write(variable)
            else:
                write(variable)
            return variable

        return outcome(call)

    def assign(array):
        array[:] = 4

    def assign_array(array):
        array[:] = np.array([6, 7], dtype="float32")

    def paused(array):
        with mx.autograd.pause():
            array[:] = 3

    return {
        "outside": run(assign, recording=False),
        "outside, an array": run(assign_array, recording=False),
        "paused": run(paused),
        "the mark stays": outcome(lambda: mark_after_write(mx)),
    }


def mark_after_write(mx):
    variable, gradient = pair(mx)
    mx.autograd.mark_variables([variable], [gradient])
    variable[:] = 4
    return variable.grad


@case("2.4 in-place writes to marked arrays while recording")
def writes_while_recording(mx):
    """Refused: what was recorded would not hold any more."""

    def run(write):
        variable, gradient = pair(mx)
        mx.autograd.mark_variables([variable], [gradient])
        with mx.autograd.record():
            write(variable)
        return variable.asnumpy()

    def assign(array):
        array[:] = 4

    return {"assigned": outcome(lambda: run(assign))}


@case(
    "2.4 a gradient on another context",
    fix="a variable and its gradient live on one context",
    fixed={"marked": any_of(gives("marked"), refused)},
)
def gradient_elsewhere(mx):
    def run():
        variable = mx.nd.ones((2,), ctx=mx.cpu(0))
        mx.autograd.mark_variables([variable], [mx.nd.ones((2,), ctx=mx.cpu(1))])
        return "marked"

    return {
        "marked": outcome(run),
        "same": {"value": dense([5.0, 5.0])} == outcome(lambda: same_context(mx)),
    }


def same_context(mx):
    variable, gradient = pair(mx)
    mx.autograd.mark_variables([variable], [gradient])
    return variable.grad
