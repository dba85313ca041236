"""What is measured on a GPU: each case with its goal, and the same work in PyTorch."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from cases.resnet50 import resnet50_shapes

MEGA = 1 << 20


class Measured(NamedTuple):
    """One case, prepared.

    Attributes
    ----------
    call : callable
        Does the work once; it may return before the GPU is done.
    nbytes : int
        Bytes that it moves at least; 0 where the time of the call itself is what counts.
    check : callable
        Raises AssertionError if results are wrong.
    torch : callable or None
        The same in PyTorch, or in what the case is compared with; it may be missing.
    cupy : callable or None
        ``cupy(module)`` returns what does the same in CuPy, given its module.
    """

    call: Callable[[], Any]
    nbytes: int
    check: Callable[[], None]
    torch: Callable[[], Any] | None = None
    cupy: Callable[[Any], Callable[[], Any]] | None = None


class GpuCase(NamedTuple):
    """One line of the table.

    Attributes
    ----------
    name : str
        What is done.
    measure : str
        ``"share"``: of the copy rate. ``"memset"``: share of the driver's. ``"ms"``: on the GPU.
        ``"host us"``: until the call returns. ``"us"``: until the GPU is done. ``"GB/s"``.
    goal : float
        The share or rate to reach, or the time not to exceed; NaN for none.
    prepare : callable
        ``prepare(small, torch)`` returns a `Measured`; `small` sizes show that it works.
    beside : str
        What it is compared with.
    times : float
        How many times as fast as that it is to be.
    """

    name: str
    measure: str
    goal: float
    prepare: Callable[[bool, Any], Measured]
    beside: str = "torch"
    times: float = 1.0


def _memory() -> Any:
    from numparam.kernels.cuda import _memory

    return _memory


def _random(size: int, dtype: str = "float32", seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(size, np.float32).astype(dtype)


def _tensor(torch: Any, array: Any) -> Any:
    """Return PyTorch's view of an array on the GPU."""
    return None if torch is None else torch.as_tensor(array, device="cuda")


def _same(left: Any, right: np.ndarray) -> None:
    held = left if isinstance(left, np.ndarray) else _memory().download(left)
    assert held.dtype == right.dtype
    assert np.array_equal(held, right, equal_nan=True)


def _average(name: str, count: int, dtype: str, nbytes: int) -> Callable[[bool, Any], Measured]:
    """Return what prepares a mean, or a sum, of arrays of some bytes."""

    def prepare(small: bool, torch: Any) -> Measured:
        from numparam.kernels.cuda import average
        from numparam.kernels.reference import average as reference

        memory = _memory()
        size = 33 if small else nbytes // np.dtype(dtype).itemsize
        hosts = [_random(min(size, 1 << 20), dtype, seed) for seed in range(count)]
        arrays = [memory.upload(np.resize(host, size)) for host in hosts]
        out = memory.empty((size,), np.dtype(dtype))
        part = hosts[0].size
        function = getattr(average, name)

        def check() -> None:
            function(arrays, out)
            _same(memory.view(out, 0, (part,)), getattr(reference, name)(hosts))

        given = [_tensor(torch, array) for array in arrays]

        def in_torch() -> Any:
            total = given[0] + given[1]
            for one in given[2:]:
                total += one
            if name == "mean":
                total /= count

        def in_cupy(cupy: Any) -> Callable[[], Any]:
            views = [cupy.asarray(array) for array in arrays]

            def call() -> None:
                total = views[0] + views[1]
                for one in views[2:]:
                    total += one
                if name == "mean":
                    total /= count

            return call

        moved = (count + 1) * size * np.dtype(dtype).itemsize
        return Measured(lambda: function(arrays, out), moved, check, torch and in_torch, in_cupy)

    return prepare


def _zero_one(small: bool, torch: Any) -> Measured:
    from numparam.kernels.cuda import reset, table

    memory = _memory()
    array = memory.upload(np.ones(33, np.float32)) if small else memory.empty(256 * MEGA, "float32")
    ready = table.build([array])

    def check() -> None:
        reset.zero(ready)
        assert not memory.download(memory.view(array, 0, (min(array.size, 4096),))).any()

    given = _tensor(torch, array)

    def in_cupy(cupy: Any) -> Callable[[], Any]:
        view = cupy.asarray(array)
        return lambda: view.fill(0)

    return Measured(lambda: reset.zero(ready), array.nbytes, check, torch and given.zero_, in_cupy)


def _zero_many(small: bool, torch: Any) -> Measured:
    from numparam.kernels.cuda import reset, table

    memory = _memory()
    arrays = [memory.upload(np.ones(64, np.float32)) for _ in range(5 if small else 2000)]
    ready = table.build(arrays)

    def check() -> None:
        reset.zero(ready)
        assert not any(memory.download(one).any() for one in arrays[:10])

    given = [_tensor(torch, one) for one in arrays]
    return Measured(
        lambda: reset.zero(ready), 0, check, torch and (lambda: torch._foreach_zero_(given))
    )


def _build(small: bool, torch: Any) -> Measured:
    from numparam.kernels.cuda import table

    memory = _memory()
    arrays = [memory.upload(np.ones(64, np.float32)) for _ in range(5 if small else 2000)]

    def check() -> None:
        assert len(table.build(arrays)) == len(arrays)

    return Measured(lambda: table.build(arrays).rows, 0, check)


def _cast(small: bool, torch: Any) -> Measured:
    from numparam.kernels._gate import BFLOAT16
    from numparam.kernels.cuda import cast
    from numparam.kernels.reference import cast as reference

    memory = _memory()
    size = 33 if small else 64 * MEGA
    host = _random(min(size, 1 << 20))
    array, out = memory.upload(np.resize(host, size)), memory.empty((size,), BFLOAT16)

    def check() -> None:
        cast.cast(array, out=out)
        held = memory.download(memory.view(out, 0, (host.size,)))
        assert held.tobytes() == reference.cast(host, BFLOAT16).tobytes()

    given = _tensor(torch, array)
    in_torch = torch and (lambda: given.to(torch.bfloat16))
    return Measured(lambda: cast.cast(array, out=out), 6 * size, check, in_torch)


def _narrow(small: bool, torch: Any) -> Measured:
    from numparam.kernels.cuda import cast
    from numparam.kernels.reference import cast as reference

    memory = _memory()
    size = 33 if small else 64 * MEGA
    host = _random(min(size, 1 << 20))
    array, out = memory.upload(np.resize(host, size)), memory.empty((size,), "float16")

    def check() -> None:
        cast.cast(array, out=out)
        _same(memory.view(out, 0, host.shape), reference.cast(host, np.dtype("float16")))

    def in_cupy(cupy: Any) -> Callable[[], Any]:
        view = cupy.asarray(array)
        return lambda: view.astype("float16")

    given = _tensor(torch, array)
    in_torch = torch and given.half
    return Measured(lambda: cast.cast(array, out=out), 6 * size, check, in_torch, in_cupy)


def _fill(name: str) -> Callable[[bool, Any], Measured]:
    def prepare(small: bool, torch: Any) -> Measured:
        from numparam.kernels.cuda import random
        from numparam.kernels.reference import random as reference

        memory = _memory()
        size = 33 if small else 64 * MEGA
        out = memory.empty((size,), "float32")
        fill = getattr(random, name)

        def check() -> None:
            fill(out, seed=7)
            wanted = np.empty(min(size, 4096), np.float32)
            getattr(reference, name)(wanted, seed=7)
            _same(memory.view(out, 0, wanted.shape), wanted)

        given = _tensor(torch, out)
        in_torch = torch and getattr(given, f"{name}_")

        def in_cupy(cupy: Any) -> Callable[[], Any]:
            generator = cupy.random.default_rng(7)
            draw = generator.random if name == "uniform" else generator.standard_normal
            return lambda: draw(size, dtype="float32")

        return Measured(lambda: fill(out, seed=7), 4 * size, check, in_torch, in_cupy)

    return prepare


def _accumulate(small: bool, torch: Any) -> Measured:
    from numparam.kernels.cuda import accumulate

    memory = _memory()
    size = 33 if small else 64 * MEGA
    host = _random(min(size, 1 << 20))
    target, source = memory.upload(np.resize(host, size)), memory.upload(np.resize(host, size))

    def check() -> None:
        accumulate.assign([target], [source])
        accumulate.add([target], [source])
        _same(memory.view(target, 0, host.shape), host + host)

    one, other = _tensor(torch, target), _tensor(torch, source)
    in_torch = torch and (lambda: one.add_(other))

    def in_cupy(cupy: Any) -> Callable[[], Any]:
        left, right = cupy.asarray(target), cupy.asarray(source)
        return lambda: cupy.add(left, right, out=left)

    return Measured(lambda: accumulate.add([target], [source]), 12 * size, check, in_torch, in_cupy)


_HYPER = {
    "sgd": {"lr": 1e-3, "wd": 1e-4, "rescale_grad": 1.0, "clip_gradient": None, "momentum": 0.9},
    "adam": {
        "lr": 1e-3, "wd": 0.0, "rescale_grad": 1.0, "clip_gradient": None, "t": 3.0,
        "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8,
    },
}  # fmt: skip
_STATES = {"sgd": 1, "adam": 2}


def _modules(name: str) -> tuple[Any, Any]:
    import importlib

    return tuple(
        importlib.import_module(f"numparam.kernels.{backend}.{name}")
        for backend in ("cuda", "reference")
    )  # type: ignore[return-value]


def _step(name: str, shapes: list[tuple[int, ...]]) -> Callable[[bool, Any], Measured]:
    def prepare(small: bool, torch: Any) -> Measured:
        module, reference = _modules(name)
        memory = _memory()
        forms = [(7,), (3, 5), (33,)] if small else shapes
        sizes = [math.prod(form) for form in forms]
        most = [min(size, 4096) for size in sizes]
        hosts = [_random(n, seed=i) for i, n in enumerate(most)]
        arrays = [memory.upload(np.resize(h, n)) for h, n in zip(hosts, sizes, strict=True)]
        gradients = [memory.upload(np.resize(h, n)) for h, n in zip(hosts, sizes, strict=True)]
        states = [[memory.zeros((n,), "float32") for n in sizes] for _ in range(_STATES[name])]
        bound = module.bind(arrays, gradients, states)
        numbers = module.coefficients(len(sizes), **_HYPER[name])

        def check() -> None:
            module.dense(bound, numbers)
            wanted = [host.copy() for host in hosts]
            begun = [[np.zeros_like(host) for host in hosts] for _ in states]
            reference.dense((wanted, hosts, begun), numbers)
            for array, one in zip(arrays, wanted, strict=True):
                _same(memory.view(array, 0, one.shape), one)

        in_torch = None
        if torch is not None:
            parameters = [torch.nn.Parameter(torch.ones(n, device="cuda")) for n in sizes]
            for one in parameters:
                one.grad = torch.ones_like(one)
            kind = torch.optim.SGD if name == "sgd" else torch.optim.Adam
            more = {"momentum": 0.9} if name == "sgd" else {}
            in_torch = kind(parameters, lr=1e-3, fused=True, **more).step
        moved = 4 * sum(sizes) * (3 + 2 * _STATES[name])
        return Measured(lambda: module.dense(bound, numbers), moved, check, in_torch)

    return prepare


def _rows_of(small: bool) -> tuple[int, int, int]:
    """Rows of the table, rows that are taken, and columns."""
    return (40, 10, 8) if small else (4_000_000, 1_000_000, 128)


def _ids(small: bool) -> np.ndarray:
    rows, count, _ = _rows_of(small)
    return np.sort(np.random.default_rng(1).choice(rows, count, replace=False))


def _table(small: bool) -> Any:
    rows, _, width = _rows_of(small)
    memory = _memory()
    if small:
        return memory.upload(_random(rows * width).reshape(rows, width))
    from numparam.kernels.cuda import random

    made = memory.empty((rows, width), "float32")
    random.uniform(made, seed=3)
    return made


def _taken(name: str) -> Callable[[bool, Any], Measured]:
    def prepare(small: bool, torch: Any) -> Measured:
        from numparam.kernels.cuda import retain

        memory = _memory()
        rows, count, width = _rows_of(small)
        wanted = _ids(small)
        asked = memory.upload(wanted)
        given = _table(small)
        out = memory.empty((count, width), "float32")
        if name == "gather":
            held = None

            def call() -> Any:
                return retain.gather(given, asked, out)
        else:
            # With holes, ids are every other number, and half of those asked for are missing.
            step = 2 if name == "holes" else 1
            held = memory.upload(np.arange(0, step * rows, step))

            def call() -> Any:
                return retain.retain(held, given, asked, out, step * rows)

        def check() -> None:
            call()
            table = memory.download(memory.view(given, 0, (min(rows, 5000), width)))
            found = memory.download(memory.view(out, 0, (min(count, 1000), width)))
            for row, number in zip(found, wanted.tolist(), strict=False):
                missing = name == "holes" and number % 2
                place = number // 2 if name == "holes" else number
                if missing or place < len(table):
                    assert (row == (0 if missing else table[place])).all()

        one, other = _tensor(torch, given), _tensor(torch, asked)
        in_torch = torch and (lambda: torch.index_select(one, 0, other))

        def in_cupy(cupy: Any) -> Callable[[], Any]:
            table, numbers, target = map(cupy.asarray, (given, asked, out))
            return lambda: cupy.take(table, numbers, axis=0, out=target)

        return Measured(call, 8 * count * width, check, in_torch, in_cupy)

    return prepare


def _scatter(small: bool, torch: Any) -> Measured:
    from numparam.kernels.cuda import retain

    memory = _memory()
    _, count, width = _rows_of(small)
    given, asked = _table(small), memory.upload(_ids(small))
    rows = memory.zeros((count, width), "float32")

    def check() -> None:
        retain.scatter(given, asked, rows)
        assert not memory.download(retain.gather(given, memory.view(asked, 0, (5,)))).any()

    one, other, values = (_tensor(torch, array) for array in (given, asked, rows))
    in_torch = torch and (lambda: one.index_copy_(0, other, values))
    return Measured(lambda: retain.scatter(given, asked, rows), 8 * count * width, check, in_torch)


def _unique(count: int, known: bool) -> Callable[[bool, Any], Measured]:
    """Return what prepares unique ids below 10 M; with `known` that limit is given."""

    def prepare(small: bool, torch: Any) -> Measured:
        from numparam.kernels.cuda import retain

        memory = _memory()
        rows, number = (200, 12) if small else (10_000_000, count)
        host = np.random.default_rng(2).integers(0, rows, number)
        ids = memory.upload(host)
        limit = rows if known else None

        def check() -> None:
            _same(retain.unique_ids(ids, limit), np.unique(host))

        given = _tensor(torch, ids)
        in_torch = torch and (lambda: torch.unique(given))

        def in_cupy(cupy: Any) -> Callable[[], Any]:
            view = cupy.asarray(ids)
            return lambda: cupy.unique(view)

        return Measured(lambda: retain.unique_ids(ids, limit), 0, check, in_torch, in_cupy)

    return prepare


def _lazy(name: str) -> Callable[[bool, Any], Measured]:
    def prepare(small: bool, torch: Any) -> Measured:
        module, _ = _modules(name)
        memory = _memory()
        rows, count, width = _rows_of(small)
        weight, ids = _table(small), memory.upload(_ids(small))
        gradient = memory.zeros((count, width), "float32")
        states = [memory.zeros((rows, width), "float32") for _ in range(_STATES[name])]
        numbers = module.coefficients(1, **_HYPER[name] | {"wd": 0.0})

        def call() -> None:
            module.rows(weight, ids, gradient, states, numbers)

        def check() -> None:
            before = memory.download(memory.view(weight, 0, (10, width)))
            call()
            _same(memory.view(weight, 0, (10, width)), before)  # a gradient of zero, no momentum

        moved = 4 * count * width * (3 + 2 * _STATES[name])
        return Measured(call, moved, check)

    return prepare


def _small(name: str) -> Callable[[bool, Any], Measured]:
    """Return what prepares one public call on a few small arrays."""

    def prepare(small: bool, torch: Any) -> Measured:
        from numparam.kernels.cuda import accumulate, average, cast, random, retain

        memory = _memory()
        arrays = [memory.upload(np.full(8, i, np.float32)) for i in range(4)]
        out, narrow = memory.empty((8,), "float32"), memory.empty((8,), "float16")
        table, ids = memory.upload(np.ones((8, 4), np.float32)), memory.upload(np.array([1, 5]))
        rows = memory.empty((2, 4), "float32")
        calls: dict[str, tuple[Callable[[], Any], Any, Any]] = {
            "mean": (lambda: average.mean(arrays, out), out, 1.5),
            "add_n": (lambda: average.add_n(arrays, out), out, 6),
            "cast": (lambda: cast.cast(arrays[1], out=narrow), narrow, 1),
            "assign": (lambda: accumulate.assign([out], [arrays[2]]), out, 2),
            "uniform": (lambda: random.uniform(out, 2.0, 2.0, seed=7), out, 2),
            "gather": (lambda: retain.gather(table, ids, rows), rows, 1),
        }
        call, written, value = calls[name]

        def check() -> None:
            call()
            assert (memory.download(written) == value).all()

        given = [_tensor(torch, array) for array in arrays]
        others = {
            "mean": lambda: torch.stack(given).mean(0),
            "add_n": lambda: torch.stack(given).sum(0),
            "cast": lambda: given[1].half(),
            "assign": lambda: given[0].copy_(given[2]),
            "uniform": lambda: given[0].uniform_(),
        }
        return Measured(call, 0, check, torch and others.get(name))

    return prepare


def _launch_one(small: bool, torch: Any) -> Measured:
    from numparam.kernels.cuda import _bitmap, _launch

    memory = _memory()
    words, counts = memory.upload(np.array([5])), memory.upload(np.array([0]))
    numbers = words.address, 1, 6, counts.address

    def call() -> None:
        _launch.run(_bitmap.count_bits, 0, 1, *numbers)

    def check() -> None:
        call()
        _same(counts, np.array([2]))

    return Measured(call, 0, check)


def _ready_zero(small: bool, torch: Any) -> Measured:
    from numparam.kernels.cuda import reset, table

    memory = _memory()
    ready = table.build([memory.upload(np.ones(8, np.float32)) for _ in range(4)])

    def check() -> None:
        reset.zero(ready)
        assert not memory.download(ready.arrays[0]).any()

    return Measured(lambda: reset.zero(ready), 0, check)


def _allocate(nbytes: int) -> Callable[[bool, Any], Measured]:
    def prepare(small: bool, torch: Any) -> Measured:
        memory = _memory()
        count = 100 if small else nbytes

        def check() -> None:
            assert memory.empty((count,), "uint8").nbytes == count

        in_torch = torch and (lambda: torch.empty(count, dtype=torch.uint8, device="cuda"))
        return Measured(lambda: memory.empty((count,), "uint8"), 0, check, in_torch)

    return prepare


def _across(small: bool, torch: Any) -> Measured:
    from numparam.kernels.cuda import _provider

    if _provider.device_count() < 2:
        raise NotImplementedError("needs two GPUs")
    memory = _memory()
    host = np.arange(100 if small else 256 * MEGA, dtype=np.uint8)
    here, there = memory.upload(host, 0), memory.upload(np.zeros_like(host), 1)
    driver = _provider.device_memory()

    def call() -> None:
        driver.copy_across(1, there.address, 0, here.address, here.nbytes)

    def check() -> None:
        call()
        _same(there, host)

    return Measured(call, host.nbytes, check)


def _transfer(nbytes: int, down: bool) -> Callable[[bool, Any], Measured]:
    def prepare(small: bool, torch: Any) -> Measured:
        memory = _memory()
        host = np.arange(100 if small else nbytes, dtype=np.uint8)
        there = memory.upload(host)

        def check() -> None:
            memory.copy_from_host(there, host)
            _same(there, host)

        def call() -> Any:
            return memory.download(there) if down else memory.copy_from_host(there, host)

        in_torch = None
        if torch is not None:
            pinned = torch.from_numpy(host).pin_memory()
            tensor = _tensor(torch, there)
            in_torch = (lambda: pinned.copy_(tensor)) if down else (lambda: tensor.copy_(pinned))
        return Measured(call, host.nbytes, check, in_torch)

    return prepare


def _initialize(small: bool, torch: Any) -> Measured:
    import numparam as mx

    def made(context: Any) -> Any:
        parameters = mx.gluon.ParameterDict()
        for number in range(5 if small else 2000):
            parameters.get(f"w{number}", shape=(8, 8))
        parameters.initialize(mx.init.Uniform(0.1), ctx=context)
        return parameters

    def check() -> None:
        values = made(mx.gpu(0))["w0"].data().asnumpy()
        assert values.any()
        assert (abs(values) <= 0.1).all()

    return Measured(lambda: made(mx.gpu(0)), 0, check, lambda: made(mx.cpu()))


def _zero_grad(small: bool, torch: Any) -> Measured:
    import numparam as mx

    parameters = mx.gluon.ParameterDict()
    for number in range(5 if small else 2000):
        parameters.get(f"w{number}", shape=(8, 8))
    parameters.initialize("zeros", ctx=mx.gpu(0))

    def check() -> None:
        parameters["w0"].grad()[:] = 1
        parameters.zero_grad()
        assert not parameters["w0"].grad().asnumpy().any()

    return Measured(parameters.zero_grad, 0, check)


def cases() -> Iterator[GpuCase]:
    """Yield all lines of the table."""
    for name in ("mean", "add_n"):
        for count in (2, 4, 8):
            prepare = _average(name, count, "float32", 256 * MEGA)
            yield GpuCase(f"{name} of {count} x 256 MB float32", "share", 0.9, prepare)
    for count in (2, 4, 8):
        prepare = _average("mean", count, "float16", 128 * MEGA)
        yield GpuCase(f"mean of {count} x 128 MB float16", "share", 0.9, prepare)
    yield GpuCase("zero 1 GiB", "memset", 0.95, _zero_one)
    yield GpuCase("zero 2,000 x 64: GPU", "us", math.nan, _zero_many)
    yield GpuCase("zero 2,000 x 64: host", "host us", 10, _zero_many)
    yield GpuCase("zero_grad of 2,000 parameters", "host us", 10, _zero_grad)
    yield GpuCase("table.build of 2,000", "us", math.nan, _build)
    yield GpuCase("cast 256 MB float32 to bfloat16", "share", 0.9, _cast)
    yield GpuCase("cast 256 MB float32 to float16", "share", 0.9, _narrow)
    yield GpuCase("uniform, 256 MB float32", "share", 0.9, _fill("uniform"))
    yield GpuCase("normal, 256 MB float32", "share", 0.6, _fill("normal"))
    yield GpuCase("accumulate 256 MB", "share", 0.9, _accumulate)
    yield GpuCase("SGD with momentum, 128 M", "share", 0.9, _step("sgd", [(128 * MEGA,)]))
    yield GpuCase("Adam, 64 M", "share", 0.9, _step("adam", [(64 * MEGA,)]))
    resnet = [tuple(shape) for shape in resnet50_shapes()]
    yield GpuCase("Adam, ResNet-50: GPU", "ms", 0.22, _step("adam", resnet), times=1.3)
    yield GpuCase("Adam, ResNet-50: host", "host us", 20, _step("adam", resnet))
    yield GpuCase("gather 1 M of 4 M x 128", "share", 0.8, _taken("gather"))
    yield GpuCase("retain 1 M of 4 M x 128", "share", 0.8, _taken("retain"))
    yield GpuCase("retain with holes", "share", 0.8, _taken("holes"))
    yield GpuCase("scatter 1 M x 128", "share", 0.8, _scatter)
    yield GpuCase("lazy SGD, 1 M x 128", "ms", 0.45, _lazy("sgd"))
    yield GpuCase("lazy Adam, 1 M x 128", "ms", 1.0, _lazy("adam"))
    for count, goal in ((100_000, math.nan), (1_000_000, 0.1), (10_000_000, math.nan)):
        least = 2.0 if count == 1_000_000 else 1.0
        for known in (True, False):
            name = f"unique_ids of {count:,} below {'10 M' if known else 'no limit'}"
            prepare = _unique(count, known)
            yield GpuCase(name, "ms", goal if known else math.nan, prepare, times=least)
    for name in ("mean", "add_n", "cast", "assign", "uniform"):
        yield GpuCase(f"{name}, small arrays", "host us", 15, _small(name))
    yield GpuCase("gather, small arrays", "us", math.nan, _small("gather"))
    yield GpuCase("zero a ready table", "host us", 8, _ready_zero)
    yield GpuCase("launch", "host us", math.nan, _launch_one)
    yield GpuCase("allocate 1 KB", "host us", math.nan, _allocate(1 << 10))
    yield GpuCase("allocate 256 MB", "host us", math.nan, _allocate(256 * MEGA))
    yield GpuCase("upload 1 KB", "us", math.nan, _transfer(1 << 10, False))
    pinned = "torch, pinned"
    upload, download = (_transfer(256 * MEGA, down) for down in (False, True))
    yield GpuCase("upload 256 MB", "GB/s", math.nan, upload, pinned, 0.6)
    yield GpuCase("download 256 MB", "GB/s", math.nan, download, pinned, 0.6)
    yield GpuCase("copy 256 MB to another GPU", "GB/s", math.nan, _across)
    yield GpuCase("initialize 2,000 parameters", "us", math.nan, _initialize, "cpu()", 0.5)
