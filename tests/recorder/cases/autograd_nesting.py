"""Random programs of nested scopes: recording, training, contexts, names, attributes, modes."""

import random

from harness import case, outcome

DEEPEST = 4


def state(mx):
    """All that the scopes of the programs set."""
    return [
        bool(mx.autograd.is_recording()),
        bool(mx.autograd.is_training()),
        mx.current_context(),
        bool(mx.util.is_np_shape()),
        bool(mx.util.is_np_array()),
        sorted(mx.sym.var("x").list_attr().items()),
    ]


def scope(mx, dice, depth):
    """One of the scopes, by lot."""
    autograd, number = mx.autograd, dice.randint(0, 4)
    makers = [
        autograd.record,
        lambda: autograd.record(False),
        lambda: autograd.record(None),
        autograd.pause,
        lambda: autograd.pause(True),
        autograd.train_mode,
        autograd.predict_mode,
        lambda: mx.cpu(number),
        lambda: mx.name.Prefix(f"p{number}_"),
        lambda: mx.AttrScope(a=str(depth), lr_mult=str(number)),
        lambda: mx.util.np_shape(True),
    ]
    return dice.choice(makers)()


def program(mx, dice, depth, seen):
    """Enter scopes in scopes, some of which an exception leaves, and note the states."""
    for _ in range(dice.randint(1, 3)):
        if depth == DEEPEST or dice.random() < 0.2:
            seen.append(state(mx))
            continue
        fails = dice.random() < 0.2
        try:
            with scope(mx, dice, depth):
                program(mx, dice, depth + 1, seen)
                if fails:
                    raise KeyError
        except KeyError:
            pass
        seen.append(state(mx))


@case("2.4, 2.5 and 6 random programs of scopes")
def programs(mx):
    def run(seed):
        seen = []
        program(mx, random.Random(seed), 0, seen)
        return seen

    return {f"seed {seed}": outcome(lambda seed=seed: run(seed)) for seed in range(25)}
