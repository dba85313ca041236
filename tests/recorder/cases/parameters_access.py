"""data, list_data and list_ctx: which array, on which context, and errors."""

from harness import case, gives, outcome, refused


def on(mx, *contexts, **keywords):
    """An initialised parameter whose copy on the i-th context is filled with i."""
    parameter = mx.gluon.Parameter("w", shape=(2,), **keywords)
    parameter.initialize(init="ones", ctx=list(contexts))
    for index, array in enumerate(parameter.list_data()):
        array[:] = index
    return parameter


@case("1.6 the live array")
def live_array(mx):
    one = on(mx, mx.cpu(0))

    def write_through():
        parameter = on(mx, mx.cpu(0))
        parameter.data()[:] = 9
        parameter.data()[1] = 4
        return parameter.data()

    return {
        "data is data": one.data() is one.data(),
        "data is the first of the list": one.data() is one.list_data()[0],
        "data is in _data": one.data() is one._data[0],
        "written through": outcome(write_through),
        "list_ctx": outcome(one.list_ctx),
        "_ctx_list": outcome(lambda: one._ctx_list),
    }


@case(
    "1.6 lists",
    fix="list_data, list_grad and list_ctx hand out copies of the lists",
    fixed={"list_data": gives(1), "list_grad": gives(1), "list_ctx": gives(1)},
)
def lists_are_copies(mx):
    def length_after_append(name):
        parameter = on(mx, mx.cpu(0))
        getattr(parameter, name)().append(None)
        return len(getattr(parameter, name)())

    return {
        name: outcome(lambda name=name: length_after_append(name))
        for name in ("list_data", "list_grad", "list_ctx")
    }


@case("1.6 by context")
def by_context(mx):
    one = on(mx, mx.cpu(1))
    several = on(mx, mx.cpu(0), mx.cpu(2))

    def inside(context, call):
        with context:
            return call()

    return {
        "one copy, no context": outcome(one.data),
        "one copy, other current context": outcome(lambda: inside(mx.cpu(3), one.data)),
        "one copy, its context": outcome(lambda: one.data(mx.cpu(1))),
        "one copy, other context": outcome(lambda: one.data(mx.cpu(0))),
        "several, no context": outcome(several.data),
        "several, current context": outcome(lambda: inside(mx.cpu(2), several.data)),
        "several, current context without a copy": outcome(lambda: inside(mx.cpu(1), several.data)),
        "several, given": outcome(lambda: several.data(mx.cpu(2))),
        "several, given without a copy": outcome(lambda: several.data(mx.cpu(1))),
        "several, beyond the last": outcome(lambda: several.data(mx.cpu(7))),
        "grad of the current context": outcome(lambda: inside(mx.cpu(2), several.grad)),
        "list_data": outcome(several.list_data),
        "_check_and_get, list": outcome(lambda: several._check_and_get(several._data, list)),
        "_check_and_get, context": outcome(
            lambda: several._check_and_get(several._data, mx.cpu(2))
        ),
        "_check_and_get, none": outcome(lambda: several._check_and_get(several._data, None)),
        "_check_and_get, gradients": outcome(
            lambda: several._check_and_get(several._grad, mx.cpu(0))
        ),
        "_check_and_get of nothing": outcome(lambda: several._check_and_get(None, list)),
        "given as a list": outcome(lambda: several.data(list)),
    }


@case("1.6 pinned and shared memory find the copy of the same number", cpu_only="device types")
def other_host_types(mx):
    parameter = on(mx, mx.cpu(0), mx.cpu(1))
    shared = on(mx, mx.Context("cpu_shared", 0))
    return {
        "cpu_pinned(1)": outcome(lambda: parameter.data(mx.cpu_pinned(1))),
        "cpu_pinned(2)": outcome(lambda: parameter.data(mx.cpu_pinned(2))),
        "cpu_shared(0)": outcome(lambda: parameter.data(mx.Context("cpu_shared", 0))),
        "cpu_shared copy by cpu": outcome(lambda: shared.data(mx.cpu(0)).asnumpy().tolist()),
        "gpu(0)": outcome(lambda: parameter.data(mx.gpu(0))),
    }


@case(
    "1.6 the exact context first",
    cpu_only="device types",
    fix="the exact context is looked up first; a negative number is refused",
    fixed={
        "cpu beside cpu_shared": gives([0.0, 0.0]),
        "negative": refused,
    },
)
def exact_context_first(mx):
    both = on(mx, mx.cpu(0), mx.Context("cpu_shared", 0))
    parameter = on(mx, mx.cpu(0), mx.cpu(1))
    return {
        "cpu beside cpu_shared": outcome(lambda: both.data(mx.cpu(0)).asnumpy().tolist()),
        "cpu_shared beside cpu": outcome(
            lambda: both.data(mx.Context("cpu_shared", 0)).asnumpy().tolist()
        ),
        "negative": outcome(lambda: parameter.data(mx.cpu(-1)).asnumpy().tolist()),
    }


@case(
    "1.6 what is no context",
    fix="it is refused as such; MXNet fails by accident, on a missing attribute",
    fixed={"text": refused, "number": refused},
)
def no_context(mx):
    several = on(mx, mx.cpu(0), mx.cpu(2))
    return {
        "text": outcome(lambda: several.data("cpu")),
        "number": outcome(lambda: several.data(0)),
    }


@case("1.6 uninitialised")
def uninitialised(mx):
    def new():
        return mx.gluon.Parameter("w", shape=(2,))

    return {
        "data": outcome(lambda: new().data()),
        "data(cpu(0))": outcome(lambda: new().data(mx.cpu(0))),
        "list_data": outcome(lambda: new().list_data()),
        "grad": outcome(lambda: new().grad()),
        "list_grad": outcome(lambda: new().list_grad()),
        "list_ctx": outcome(lambda: new().list_ctx()),
        "_reduce": outcome(lambda: new()._reduce()),
        "reset_ctx": outcome(lambda: new().reset_ctx(mx.cpu(0))),
        "zero_grad": outcome(lambda: new().zero_grad()),
        "cast": outcome(lambda: new().cast("float16")),
        "no shape": outcome(lambda: mx.gluon.Parameter("w").data()),
    }


@case("1.6 errors name the parameter and say what to do")
def messages(mx):
    """Fragments that code checks for, and the parameter's name."""

    def text(call):
        try:
            call()
        except Exception as error:
            return str(error)
        return "no error"

    new = mx.gluon.Parameter("fc1_weight", shape=(2,))
    several = on(mx, mx.cpu(0), mx.cpu(2))
    several.name = "fc1_weight"
    null = on(mx, mx.cpu(0), grad_req="null")
    null.name = "fc1_weight"
    unknown = mx.gluon.Parameter("fc1_weight", shape=(0,))
    deferred = mx.gluon.Parameter("fc1_weight", shape=(0,), allow_deferred_init=True)
    deferred.initialize()
    sparse = mx.gluon.Parameter("fc1_weight", shape=(2, 2), stype="row_sparse")
    sparse.initialize()
    calls = {
        "uninitialised": (new.data, "has not been initialized"),
        "elsewhere": (lambda: several.data(mx.cpu(1)), "was not initialized on context cpu(1)"),
        "no gradient": (null.grad, "grad_req='null'"),
        "unknown shape": (unknown.initialize, "invalid shape"),
        "deferred": (deferred.data, "has not been initialized yet"),
        "sparse": (sparse.data, "row_sparse_data"),
    }
    result = {}
    for name, (call, fragment) in calls.items():
        found = text(call)
        result[name] = ["fc1_weight" in found, fragment in found]
    return result


@case("1.6 sparse parameters refuse data, dense ones refuse rows")
def storage_types(mx):
    def parameter(stype, initialised):
        made = mx.gluon.Parameter("w", shape=(4, 2), stype=stype)
        if initialised:
            made.initialize()
        return made

    ids = mx.nd.array([0, 1], dtype="int64")
    return {
        "row_sparse data": outcome(lambda: parameter("row_sparse", True).data()),
        "row_sparse data, uninitialised": outcome(lambda: parameter("row_sparse", False).data()),
        "row_sparse list_data": outcome(lambda: parameter("row_sparse", True).list_data()),
        "row_sparse list_data, uninitialised": outcome(
            lambda: parameter("row_sparse", False).list_data()
        ),
        "csr data": outcome(lambda: parameter("csr", True).data()),
        "csr list_data, uninitialised": outcome(lambda: parameter("csr", False).list_data()),
        "dense row_sparse_data": outcome(lambda: parameter("default", True).row_sparse_data(ids)),
        "dense row_sparse_data, uninitialised": outcome(
            lambda: parameter("default", False).row_sparse_data(ids)
        ),
        "dense list_row_sparse_data": outcome(
            lambda: parameter("default", True).list_row_sparse_data(ids)
        ),
        "csr row_sparse_data": outcome(lambda: parameter("csr", True).row_sparse_data(ids)),
    }


@case("1.6 refused elsewhere", cpu_only="names a gpu")
def gpu_of_host_parameter(mx):
    parameter = on(mx, mx.cpu(0))
    return {
        "data(gpu(1))": outcome(lambda: parameter.data(mx.gpu(1))),
        "grad(gpu(1))": outcome(lambda: parameter.grad(mx.gpu(1))),
        "after": outcome(parameter.data),
    }
