"""What attach_grad and detach do to an array, without any recorded operation."""

from __future__ import annotations

from harness import case, rows


def _names(mx):
    def setup():
        return {
            "mx": mx,
            "nd": mx.nd,
            "a": mx.nd.array([[1, 2], [3, 4]]),
            "i": mx.nd.array([1, 2], dtype="int32"),
            "r": mx.nd.array([[1, 2], [0, 0]]).tostype("row_sparse"),
            "c": mx.nd.array([[1, 2], [0, 0]]).tostype("csr"),
        }

    return setup


@case("2.1 attach_grad: the buffer")
def buffer(mx):
    return rows(
        _names(mx),
        "a.grad",
        "a.attach_grad(); a.grad",
        "a.attach_grad(); a",
        "a.attach_grad('add'); a.grad",
        "a.attach_grad('null'); a.grad",
        "a.attach_grad(grad_req='write', stype='row_sparse'); a.grad",
        "a.attach_grad(stype='csr'); a.grad",
        "a.attach_grad(stype='default'); a.grad",
        "a.attach_grad('bogus'); a.grad",
        "a.attach_grad(stype='bogus'); a.grad",
        "a.attach_grad(); a.grad is a.grad",
        "a.attach_grad(); g = a.grad; g[:] = 7; a.grad",
        "a.attach_grad(); a.grad[:] = 7; a.attach_grad(); a.grad",
        "a.attach_grad(); a._fresh_grad",
        "a.attach_grad(); a._fresh_grad = True; a._fresh_grad",
        "a.attach_grad(); a._fresh_grad = False; a._fresh_grad",
        "b = a.as_in_context(mx.cpu(1)); b.attach_grad(); b.grad",
        "b = a.astype('float64'); b.attach_grad(); b.grad",
        "i.attach_grad(); i.grad",
        "r.attach_grad(); r.grad",
        "c.attach_grad(); c.grad",
        "r.attach_grad(stype='default'); r.grad",
    )


@case("2.1 attach_grad: what keeps the gradient")
def handles(mx):
    return rows(
        _names(mx),
        "a.attach_grad(); a.detach().grad",
        "a.attach_grad(); b = a.detach(); b[:] = 0; a",
        "a.attach_grad(); a.copy().grad",
        "a.attach_grad(); a[0].grad",
        "a.attach_grad(); (a * 2).grad",
        "a.attach_grad(); a[:] = 5; (a, a.grad)",
        "a.attach_grad(); a += 1; a.grad",
        "a.attach_grad(); a.as_in_context(mx.cpu(0)).grad",
        "a.attach_grad(); a.as_in_context(mx.cpu(1)).grad",
        "a.attach_grad(); a.astype('float32').grad",
    )
