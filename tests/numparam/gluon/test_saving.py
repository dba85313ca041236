"""Saving parameters when little else works any more."""

from __future__ import annotations

import subprocess
import sys

import numpy as np

import numparam as mx


def run(script, folder):
    """Run a script in a process of its own, with a folder as its argument."""
    return subprocess.run(
        [sys.executable, "-c", script, str(folder)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


SAVED_AT_THE_END = """
import sys
import numpy as np
import numparam as mx

class Last:
    def __init__(self):
        self.members = mx.gluon.ParameterDict("net_")
        weight = self.members.get("weight", shape=(3,), init="ones")
        self.members.initialize()
        self.trainer = mx.gluon.Trainer(self.members, "sgd", {"momentum": 0.5})
        mx.autograd.accumulate_grad(weight.data(), np.ones(3))
        self.trainer.step(1)

    def __del__(self, folder=sys.argv[1]):
        self.members.save(folder + "/last.params")
        self.trainer.save_states(folder + "/last.states")

last = Last()
"""


def test_an_object_can_save_when_the_interpreter_ends(tmp_path):
    done = run(SAVED_AT_THE_END, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    saved = mx.nd.load(tmp_path / "last.params")["net_weight"].asnumpy()
    assert np.allclose(saved, 0.99)
    assert (tmp_path / "last.states").stat().st_size


def test_what_cannot_be_saved_when_the_interpreter_ends_says_why(tmp_path):
    script = SAVED_AT_THE_END.replace("/last.params", "/last.npz")
    done = run(script, tmp_path)
    assert done.returncode == 0
    assert "the interpreter is ending" in done.stderr
    assert "Saving parameters as .params works even now" in done.stderr
    assert not list(tmp_path.iterdir())


STEPPED_AT_THE_END = """
import sys
import numparam as mx

class Last:
    def __init__(self):
        self.members = mx.gluon.ParameterDict("net_")
        self.members.get("weight", shape=(3,), init="ones")
        self.table = mx.gluon.Parameter(
            "table", shape=(3, 2), init="ones", stype="row_sparse", grad_stype="row_sparse")
        self.members.initialize(ctx=[mx.cpu(0), mx.cpu(1)])
        self.table.initialize()
        self.ids = mx.nd.array([1])
        options = {"learning_rate": 0.5}
        self.trainers = [mx.gluon.Trainer(self.members, "sgd", options),
                         mx.gluon.Trainer([self.table], "sgd", {**options, "lazy_update": False})]
        self.step()
        self.members.save(sys.argv[1] + "/last.params")

    def step(self, record=mx.autograd.record, contexts=(mx.cpu(0), mx.cpu(1))):
        for context in contexts:
            with record():
                loss = self.members["net_weight"].data(context).sum()
            loss.backward()
        with record():
            loss = self.table.row_sparse_data(self.ids).sum()
        loss.backward()
        for trainer in self.trainers:
            trainer.step(1)

    def __del__(self, folder=sys.argv[1]):
        self.step()
        self.members.save(folder + "/last.params")

last = Last()
"""


def test_a_step_can_be_made_when_the_interpreter_ends(tmp_path):
    done = run(STEPPED_AT_THE_END, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    saved = mx.nd.load(tmp_path / "last.params")["net_weight"].asnumpy()
    assert saved.tolist() == [-1, -1, -1]
