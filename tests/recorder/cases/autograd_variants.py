"""Recording where it gets unusual: writes in place, outputs given, scopes in scopes, storage."""

from harness import case


def variable(mx, values, grad_req="write", stype=None):
    array = mx.nd.array(values)
    array.attach_grad(grad_req, stype=stype)
    return array


@case("2.4 csr gradients")
def csr_gradients(mx):
    def grad(stype):
        x = mx.nd.array([[0.0, 1.0], [2.0, 0.0]]).tostype(stype)
        x.attach_grad(stype="csr")
        with mx.autograd.record():
            y = x * x
        y.backward()
        return x.grad.stype, x.grad, x.grad.indices, x.grad.indptr

    return {stype: grad(stype) for stype in ("default", "csr")}


@case("2.4 a result that is written into an array")
def out_given(mx):
    x, target = variable(mx, [1.0, 2.0]), mx.nd.zeros((2,))
    with mx.autograd.record():
        mx.nd.square(x, out=target)
        y = target * 3
    y.backward()
    other = mx.nd.zeros((2,))
    with mx.autograd.record():
        x.copyto(other)
        z = other * 3
    first = x.grad.copy()
    z.backward()
    return first, x.grad


@case("2.4 writes in place while recording")
def in_place(mx):
    def tried(write):
        x = variable(mx, [1.0, 2.0, 3.0, 4.0])
        with mx.autograd.record():
            y = x * 2
            try:
                write(x, y)
            except mx.base.MXNetError:
                return "MXNetError"
            z = y * y
        z.backward()
        return x.grad

    def whole(x, y):
        y[:] = 3

    def part(x, y):
        y[1:3][:] = 3

    def reshaped(x, y):
        y.reshape((2, 2))[:] = 3

    def of_the_variable(x, y):
        x[0:2][:] = 3

    def detached(x, y):
        y.detach()[:] = 3

    def paused(x, y):
        with mx.autograd.pause():
            y[:] = 3

    def output(x, y):
        mx.nd.exp(x, out=y)

    writes = (whole, part, reshaped, of_the_variable, detached, paused, output)
    return {write.__name__: tried(write) for write in writes}


@case("2.4 scopes in scopes, and a pass inside")
def scopes(mx):
    x = variable(mx, [1.0, 2.0])
    with mx.autograd.record():
        y = x * 2
        with mx.autograd.pause():
            constant = y * 5
            with mx.autograd.record():
                inner = y * 3
        total = inner + constant
    total.backward()
    first = x.grad.copy()
    with mx.autograd.record():
        y = x * 2
        y.backward()
        second = x.grad.copy()
        z = x * 3
    z.backward()
    return first, second, x.grad


@case("2.4 gradients of several heads, of one buffer, and after a new mark")
def heads(mx):
    x = variable(mx, [1.0, 2.0])
    with mx.autograd.record():
        y = x * x
        z = y * 2
    mx.autograd.backward([y, z])
    first = x.grad.copy()
    a, b, shared = mx.nd.ones((2,)), mx.nd.ones((2,)), mx.nd.zeros((2,))
    mx.autograd.mark_variables([a, b], [shared, shared], ["add", "add"])
    with mx.autograd.record():
        y = a * 2 + b * 3
    y.backward()
    with mx.autograd.record():
        y = x * 2
    x.attach_grad()
    y.backward()
    return first, shared, x.grad


@case("2.4 exp rounds to nearest")
def exponential(mx):
    # The upstream tests compare it within 1e-7.
    return mx.nd.ones((1,)).exp()
