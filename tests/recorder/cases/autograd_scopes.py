"""Recording and training states: scopes, setters, nesting, threads."""

import threading

from harness import case, gives, outcome


def states(mx):
    return [bool(mx.autograd.is_recording()), bool(mx.autograd.is_training())]


@case("2.4 scopes")
def scopes(mx):
    def inside(make):
        def run():
            before = states(mx)
            with make():
                within = states(mx)
            return [before, within, states(mx)]

        return outcome(run)

    autograd = mx.autograd
    return {
        "outside": outcome(lambda: states(mx)),
        "record": inside(autograd.record),
        "record, predicting": inside(lambda: autograd.record(train_mode=False)),
        "record, by position": inside(lambda: autograd.record(False)),
        "pause": inside(autograd.pause),
        "pause, training": inside(lambda: autograd.pause(train_mode=True)),
        "train_mode": inside(autograd.train_mode),
        "predict_mode": inside(autograd.predict_mode),
    }


@case("2.4 scopes in scopes")
def nested(mx):
    def run(*makers):
        def enter(rest):
            if not rest:
                return []
            with rest[0]():
                within = states(mx)
                deeper = enter(rest[1:])
                return [within, *deeper, states(mx)]

        return outcome(lambda: [*enter(makers), states(mx)])

    a = mx.autograd
    return {
        "pause in record": run(a.record, a.pause),
        "record in pause": run(a.pause, a.record),
        "record in record": run(a.record, a.record),
        "predict_mode in record": run(a.record, a.predict_mode),
        "train_mode in record(False)": run(lambda: a.record(False), a.train_mode),
        "train_mode in pause": run(a.pause, a.train_mode),
        "record in predict_mode": run(a.predict_mode, a.record),
        "three deep": run(a.record, a.pause, a.record),
        "four deep": run(a.record, a.predict_mode, a.pause, a.train_mode),
    }


@case("2.4 scopes after an exception")
def exceptions(mx):
    def run(make):
        try:
            with make():
                raise KeyError
        except KeyError:
            return states(mx)

    names = ("record", "pause", "train_mode", "predict_mode")
    return {name: outcome(lambda name=name: run(getattr(mx.autograd, name))) for name in names}


@case("2.4 setters")
def setters(mx):
    def toggled(setter):
        values = [setter(True), setter(True), setter(False), setter(False)]
        return [bool(value) for value in values]

    def both():
        mx.autograd.set_recording(True)
        mx.autograd.set_training(True)
        first = states(mx)
        mx.autograd.set_training(False)
        second = states(mx)
        mx.autograd.set_recording(False)
        return [first, second, states(mx)]

    def inside_scope():
        with mx.autograd.record():
            mx.autograd.set_recording(False)
            within = states(mx)
        return [within, states(mx)]

    return {
        "set_recording returns the previous": outcome(lambda: toggled(mx.autograd.set_recording)),
        "set_training returns the previous": outcome(lambda: toggled(mx.autograd.set_training)),
        "both": outcome(both),
        "inside a scope": outcome(inside_scope),
        "bool": outcome(lambda: [mx.autograd.is_recording(), mx.autograd.is_training()]),
    }


@case("2.4 states are of the thread")
def threads(mx):
    def elsewhere(call):
        found = []
        worker = threading.Thread(target=lambda: found.append(call()))
        worker.start()
        worker.join()
        return found[0]

    def new_thread():
        with mx.autograd.record():
            return [states(mx), elsewhere(lambda: states(mx))]

    def set_elsewhere():
        def record():
            mx.autograd.set_recording(True)
            return states(mx)

        return [elsewhere(record), states(mx)]

    def current_context():
        with mx.cpu(2):
            return [mx.current_context(), elsewhere(mx.current_context)]

    def switches():
        with mx.util.np_shape(True), mx.util.np_array(True):
            return [
                [mx.util.is_np_shape(), mx.util.is_np_array()],
                elsewhere(lambda: [mx.util.is_np_shape(), mx.util.is_np_array()]),
            ]

    def names():
        with mx.name.Prefix("net_"), mx.AttrScope(mood="angry"):
            return elsewhere(lambda: [mx.sym.var("a").name, mx.sym.var("a").list_attr()])

    return {
        "recording of a new thread": outcome(new_thread),
        "set in another thread": outcome(set_elsewhere),
        "current context": outcome(current_context),
        "np_shape and np_array": outcome(switches),
        "names and attributes": outcome(names),
    }


@case("6 the states of one thread do not leave it")
def interleaved_threads(mx):
    """Two threads inside scopes of their own at the same time."""

    def run():
        barrier = threading.Barrier(2, timeout=30)
        seen = {}

        def work(name, make, context):
            with make(), context:
                barrier.wait()
                seen[name] = [states(mx), str(mx.current_context())]
                barrier.wait()
            seen[f"{name}, after"] = [states(mx), str(mx.current_context())]

        workers = [
            threading.Thread(target=work, args=("record", mx.autograd.record, mx.cpu(1))),
            threading.Thread(target=work, args=("pause", mx.autograd.pause, mx.cpu(2))),
        ]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        return [[name, seen[name]] for name in sorted(seen)]

    return {"interleaved": outcome(run)}


@case(
    "2.4 one scope object entered again",
    fix="each entry restores what it found (defect 19)",
    fixed={
        "record in itself": gives([True, True, False]),
        "context in itself": gives(["cpu(3)", "cpu(3)", "cpu(0)"]),
    },
)
def entered_again(mx):
    def record():
        scope = mx.autograd.record()
        seen = []
        with scope:
            with scope:
                seen.append(bool(mx.autograd.is_recording()))
            seen.append(bool(mx.autograd.is_recording()))
        seen.append(bool(mx.autograd.is_recording()))
        mx.autograd.set_recording(False)
        mx.autograd.set_training(False)
        return seen

    def record_later():
        scope = mx.autograd.record()
        seen = []
        for _ in range(2):
            with scope:
                seen.append(bool(mx.autograd.is_recording()))
            seen.append(bool(mx.autograd.is_recording()))
        return seen

    def context():
        device = mx.cpu(3)
        seen = []
        with mx.cpu(0):
            with device:
                with device:
                    seen.append(str(mx.current_context()))
                seen.append(str(mx.current_context()))
            seen.append(str(mx.current_context()))
        return seen

    return {
        "record in itself": outcome(record),
        "record, one after the other": outcome(record_later),
        "context in itself": outcome(context),
    }
