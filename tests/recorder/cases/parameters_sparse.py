"""row_sparse parameters without a Trainer: rows refused, storage, gradients, ownership."""

import numpy as np
from harness import case, gives, outcome, refused


def table(mx, contexts=None, **keywords):
    """A row_sparse parameter (10, 4) with a row_sparse gradient, of ones."""
    keywords = {"stype": "row_sparse", "grad_stype": "row_sparse", **keywords}
    parameter = mx.gluon.Parameter("table", shape=(10, 4), **keywords)
    parameter.initialize("ones", ctx=contexts or [mx.cpu(0), mx.cpu(1)])
    return parameter


@case("1.12 without a Trainer")
def without_trainer(mx):
    ids = mx.nd.array([1, 3], dtype="int64")
    parameter = table(mx)
    new = mx.gluon.Parameter("table", shape=(10, 4), stype="row_sparse")

    def text():
        try:
            parameter.row_sparse_data(ids)
        except RuntimeError as error:
            return ["table" in str(error), "Trainer" in str(error)]
        return "no error"

    return {
        "row_sparse_data": outcome(lambda: parameter.row_sparse_data(ids)),
        "list_row_sparse_data": outcome(lambda: parameter.list_row_sparse_data(ids)),
        "the message": outcome(text),
        "uninitialised": outcome(lambda: new.row_sparse_data(ids)),
        "uninitialised list": outcome(lambda: new.list_row_sparse_data(ids)),
        "ids elsewhere": outcome(lambda: parameter.row_sparse_data(ids.as_in_context(mx.cpu(5)))),
        "list_row_sparse_data, ids in a list": outcome(
            lambda: parameter.list_row_sparse_data([1, 3])
        ),
        "list_row_sparse_data, NumPy ids": outcome(
            lambda: parameter.list_row_sparse_data(np.array([1, 3]))
        ),
        "data": outcome(parameter.data),
        "list_data": outcome(parameter.list_data),
    }


@case(
    "1.12 row ids that are no array",
    fix="they are refused as such; MXNet fails by accident, on a missing attribute",
    fixed={"list": refused, "NumPy": refused, "none": refused},
)
def ids_of_other_types(mx):
    parameter = table(mx)
    return {
        "list": outcome(lambda: parameter.row_sparse_data([1, 3])),
        "NumPy": outcome(lambda: parameter.row_sparse_data(np.array([1, 3]))),
        "none": outcome(lambda: parameter.row_sparse_data(None)),
    }


@case("1.12 what a sparse parameter holds")
def members(mx):
    parameter = table(mx)
    return {
        "list_ctx": outcome(parameter.list_ctx),
        "_data": outcome(lambda: parameter._data),
        "gradients": outcome(lambda: [len(parameter.list_grad()), parameter.grad(mx.cpu(1))]),
        "storage of the gradients": outcome(lambda: [g.stype for g in parameter.list_grad()]),
        "text": outcome(lambda: repr(parameter)),
        "storage": outcome(lambda: [parameter._stype, parameter._grad_stype]),
        "variable": outcome(lambda: parameter.var().attr("__storage_type__")),
        "trainer": outcome(lambda: parameter._trainer),
        "marked": outcome(lambda: parameter._data[0].grad),
    }


@case("1.12 gradients of sparse parameters")
def gradients(mx):
    def zeroed():
        parameter = table(mx)
        for gradient in parameter.list_grad():
            gradient[:] = mx.nd.ones((10, 4)).tostype("row_sparse")
        parameter.zero_grad()
        return parameter.list_grad()

    def requests():
        parameter = table(mx)
        parameter.grad_req = "null"
        dropped = parameter._grad
        parameter.grad_req = "add"
        return [dropped, [gradient.stype for gradient in parameter.list_grad()]]

    def all_of_dictionary():
        parameters = mx.gluon.ParameterDict()
        one = parameters.get("one", shape=(3, 2), stype="row_sparse", grad_stype="row_sparse")
        parameters.initialize("ones")
        one.grad()[:] = mx.nd.ones((3, 2)).tostype("row_sparse")
        parameters.zero_grad()
        return one.grad()

    return {
        "zero_grad": outcome(zeroed),
        "grad_req": outcome(requests),
        "zero_grad of all": outcome(all_of_dictionary),
        "dense gradient": outcome(lambda: table(mx, grad_stype="default").grad(mx.cpu(0))),
    }


class Owner:
    """Stands for a Trainer."""


@case("1.12 _set_trainer")
def set_trainer(mx):
    def dense():
        parameter = mx.gluon.Parameter("w", shape=(2,))
        first, second = Owner(), Owner()
        parameter._set_trainer(first)
        parameter._set_trainer(second)
        return parameter._trainer is second

    def sparse_again():
        parameter = table(mx)
        owner = Owner()
        parameter._set_trainer(owner)
        parameter._set_trainer(owner)
        return parameter._trainer is owner

    def sparse_other():
        parameter = table(mx)
        parameter._set_trainer(Owner())
        parameter._set_trainer(Owner())

    def sparse_released():
        parameter = table(mx)
        parameter._set_trainer(Owner())
        parameter._set_trainer(None)
        owner = Owner()
        parameter._set_trainer(owner)
        return parameter._trainer is owner

    def kept_after_refusal():
        parameter = table(mx)
        owner = Owner()
        parameter._set_trainer(owner)
        outcome(lambda: parameter._set_trainer(Owner()))
        return parameter._trainer is owner

    return {
        "dense": outcome(dense),
        "sparse, the same": outcome(sparse_again),
        "sparse, another": outcome(sparse_other),
        "sparse, released": outcome(sparse_released),
        "kept after a refusal": outcome(kept_after_refusal),
    }


@case(
    "1.12 csr parameters",
    fix="they can be listed, saved and moved (defect 7)",
    fixed={"moved": gives(["csr", "cpu(1)"])},
)
def csr(mx):
    def moved():
        parameter = mx.gluon.Parameter("w", shape=(3, 2), stype="csr")
        parameter.initialize("uniform")
        parameter.reset_ctx(mx.cpu(1))
        return [parameter._data[0].stype, str(parameter._data[0].context)]

    def held():
        parameter = mx.gluon.Parameter("w", shape=(3, 2), stype="csr")
        parameter.initialize("uniform")
        return [parameter._data[0].stype, list(parameter._data[0].shape), parameter.list_ctx()]

    return {"moved": outcome(moved), "held": outcome(held)}
