"""The command line: statuses, tables, JSON, pipes, and errors in one line."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

import numparam as mx

pytest.importorskip("typer", reason="typer is not installed")

from numparam.cli.app import run

ROOT = os.path.dirname(os.path.dirname(mx.__file__))


@pytest.fixture
def paths(tmp_path):
    arrays = {"arg:fc_weight": np.ones((10, 64), np.float32), "aux:mean": np.zeros(10, np.float32)}
    mx.Checkpoint.from_arrays(arrays).save(tmp_path / "a.params")
    changed = arrays | {"aux:mean": np.full(10, 2, np.float32)}
    mx.Checkpoint.from_arrays(changed).save(tmp_path / "b.params")
    return [str(tmp_path / "a.params"), str(tmp_path / "b.params")]


def _command(arguments, **options):
    return subprocess.run(
        [sys.executable, "-m", "numparam", *arguments], cwd=ROOT, check=False, **options
    )


def test_ls_lists_arrays_in_whole_lines(paths, capsys):
    assert run(["ls", paths[0]]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split() == ["arg:fc_weight", "10", "\u00d7", "64", "float32", "dense", "2,560"]
    assert lines[-1] == "2 arrays, 2.6 kB"


def test_ls_prints_json(paths, capsys):
    assert run(["ls", paths[0], "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["bytes"] == 2600
    assert found["arrays"][1] == {
        "name": "aux:mean",
        "shape": [10],
        "dtype": "float32",
        "storage": "default",
        "stored_shape": [10],
        "bytes": 40,
    }


def test_convert_renames_and_casts(paths, tmp_path):
    target = str(tmp_path / "a.safetensors")
    arguments = ["--strip", "arg:", "--strip", "aux:", "--dtype", "float16", "--rename"]
    assert run(["convert", paths[0], target, *arguments, "aux:mean=moving"]) == 0
    found = mx.Checkpoint(target)
    assert list(found) == ["fc_weight", "moving"]
    assert found["fc_weight"].dtype == np.float16


def test_convert_selects_drops_and_maps(paths, tmp_path):
    target = str(tmp_path / "a.npz")
    assert run(["convert", paths[0], target, "--select", "*mean", "--map", "torch"]) == 0
    assert list(mx.Checkpoint(target)) == ["mean"]
    assert run(["convert", paths[0], target, "--drop", "*mean", "--add", "net."]) == 0
    assert list(mx.Checkpoint(target)) == ["net.arg:fc_weight"]


def test_diff_has_a_status(paths, capsys):
    assert run(["diff", paths[0], paths[0]]) == 0
    assert capsys.readouterr().out == "equal: 2 arrays\n"
    assert run(["diff", *paths]) == 1
    assert "10 differ, by 2 at most, relative 1" in capsys.readouterr().out
    assert run(["diff", *paths, "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["changed"]["aux:mean"]["absolute"] == 2
    assert run(["diff", *paths, "--atol", "2"]) == 0


def test_mean_and_its_kinds(paths, tmp_path):
    target = str(tmp_path / "mean.params")
    assert run(["mean", *paths, "-o", target]) == 0
    assert mx.Checkpoint(target)["aux:mean"].asnumpy().tolist() == [1] * 10
    assert run(["mean", *paths, "-o", target, "--weight", "1", "--weight", "3"]) == 0
    assert mx.Checkpoint(target)["aux:mean"].asnumpy().tolist() == [1.5] * 10
    assert run(["mean", *paths, "-o", target, "--ema", "0.75"]) == 0
    assert mx.Checkpoint(target)["aux:mean"].asnumpy().tolist() == [0.5] * 10


def test_merge_asks_what_to_do_with_conflicts(paths, tmp_path, capsys):
    target = str(tmp_path / "both.params")
    assert run(["merge", *paths, "-o", target]) == 2
    error = capsys.readouterr().err
    assert "2 names in several checkpoints" in error
    assert "Pass --on-conflict first or last" in error
    assert not os.path.exists(target)
    assert run(["merge", *paths, "-o", target, "--on-conflict", "last"]) == 0
    assert mx.Checkpoint(target)["aux:mean"].asnumpy().tolist() == [2] * 10


def test_doctor_examines_files(tmp_path, capsys):
    path = str(tmp_path / "ill.npz")
    weight = np.ones((20, 3), np.float32)
    ill = weight.copy()
    ill[0] = np.nan, np.inf, 0
    ill[1:3] = 0
    arrays = {"w": weight, "tied": weight, "ill": ill}
    mx.Checkpoint.from_arrays(arrays).save(path)
    assert run(["doctor", path]) == 1
    out = capsys.readouterr().out
    assert "equal to w" in out
    assert "1 NaN, 1 Inf, 2 of 20 rows are zero" in out
    assert run(["doctor", path, "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["healthy"] is False


def test_doctor_reports_the_machine(capsys):
    assert run(["doctor", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["numparam"] == mx.__version__
    assert found["threads of kernels"] >= 1


def test_warm_up_compiles_kernels(monkeypatch, capsys):
    calls = []
    monkeypatch.setattr("numparam.kernels.warmup", lambda kinds, names: calls.append(names))
    assert run(["warm-up", "--dtype", "float32"]) == 0
    assert ["average"] in calls
    assert "float32" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(["ls", "missing.params"], "missing.params", id="missing file"),
        pytest.param(
            ["ls", __file__],
            "expected a .params, .safetensors, .npz or PyTorch file",
            id="stranger",
        ),
        pytest.param(["ls"], "Missing argument", id="no argument"),
        pytest.param(["lss"], "No such command", id="no command"),
        pytest.param(["diff", "-", "-"], "read once", id="two inputs"),
        pytest.param(["ls", "a", "--nothing"], "No such option", id="no option"),
    ],
)
def test_errors_are_one_line(arguments, message, capsys):
    assert run(arguments) == 2
    error = capsys.readouterr().err
    assert error.startswith("numparam: ")
    assert error.count("\n") == 1
    assert message in error


def test_files_go_through_pipes(paths):
    with open(paths[0], "rb") as file:
        converted = _command(
            ["convert", "-", "-", "--format", "safetensors"], stdin=file, capture_output=True
        )
    assert converted.stderr == b""
    listed = _command(["ls", "-"], input=converted.stdout, capture_output=True)
    assert listed.returncode == 0
    assert b"arg:fc_weight" in listed.stdout
    assert list(mx.Checkpoint(converted.stdout)) == ["arg:fc_weight", "aux:mean"]
    stranger = _command(["ls", "-"], input=b"no arrays at all", capture_output=True)
    assert stranger.returncode == 2
    assert stranger.stderr.startswith(b"numparam: standard input: byte 0: expected a .params, ")


def test_the_problems_of_an_error_are_told_apart(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    paths = ["one.npz", "two.npz"]
    for path, names in zip(paths, ("ab", "bcd"), strict=True):
        mx.Checkpoint.from_arrays({name: np.ones(2) for name in names}).save(path)
    assert run(["mean", *paths, "-o", "mean.npz"]) == 2
    assert (
        "nothing was read: two.npz has no 'a'; two.npz has 'c', which one.npz lacks; two.npz has "
        "'d', which one.npz lacks. Make them alike first"
    ) in capsys.readouterr().err


@pytest.mark.skipif(os.name != "posix", reason="pseudo-terminals are POSIX")
def test_tables_fit_a_terminal_of_80_columns(tmp_path):
    import pty
    import unicodedata

    path = str(tmp_path / "long.npz")
    mx.Checkpoint.from_arrays({"layer_" * 20 + "weight": np.ones((1000, 1000))}).save(path)
    ours, theirs = pty.openpty()
    environment = os.environ | {"COLUMNS": "80", "TERM": "xterm", "NO_COLOR": "1"}
    result = _command(["ls", path], stdout=theirs, env=environment)
    os.close(theirs)
    text = b""
    while True:
        try:
            piece = os.read(ours, 65536)
        except OSError:
            break
        if not piece:
            break
        text += piece
    os.close(ours)
    assert result.returncode == 0
    plain = text.decode().replace("\x1b[1m", "").replace("\x1b[0m", "")
    lines = [line.rstrip("\r") for line in plain.split("\n")]
    assert max(len(unicodedata.normalize("NFC", line)) for line in lines) <= 80
    assert "8,000,000" in plain
    assert "".join(line.split(" ")[0] for line in lines).count("weight") == 1


def test_without_the_extra_it_says_what_to_install(monkeypatch, capsys):
    from numparam.__main__ import main

    monkeypatch.setitem(sys.modules, "typer", None)
    assert main() == 2
    assert "pip install 'numparam[cli]'" in capsys.readouterr().err


def test_without_a_command_the_help_is_printed_and_nothing_else(capsys):
    assert run([]) == 2
    printed = capsys.readouterr()
    assert "Usage" in printed.out + printed.err
    assert "numparam: " not in printed.err


@pytest.mark.parametrize("command", ["diff", "doctor", "convert"])
def test_long_work_reports_its_progress(tmp_path, monkeypatch, command):
    import contextlib

    import numparam.cli.app
    import numparam.cli.files

    seen = []

    @contextlib.contextmanager
    def recorded(description, nbytes):
        counts = []
        yield counts.append
        seen.append((nbytes, sum(counts)))

    for module in (numparam.cli.app, numparam.cli.files):
        monkeypatch.setattr(module, "progress_of", recorded)
    path = str(tmp_path / "a.npz")
    table = mx.nd.sparse.row_sparse_array((np.ones((2, 40)), [1, 4]), shape=(6, 40))
    mx.Checkpoint.from_arrays({"w": np.ones((30, 500)), "n": np.ones(7), "t": table}).save(path)
    others = {"diff": [path], "doctor": [], "convert": [str(tmp_path / "b.npz")]}
    assert run([command, path, *others[command]]) == 0
    [(expected, reported)] = seen
    assert reported >= 30 * 500 * 8 + 7 * 8
    assert expected >= 30 * 500 * 8 + 7 * 8 + 640


def test_errors_advise_in_the_words_of_the_command_line(paths, tmp_path, capsys):
    assert run(["convert", paths[0], str(tmp_path / "missing" / "x.npz")]) == 2
    assert "with mkdir -p." in capsys.readouterr().err
    other = str(tmp_path / "c.npz")
    mx.Checkpoint.from_arrays({"w": [1.0]}).save(other)
    assert run(["mean", paths[0], other, "-o", other]) == 2
    assert "Make them alike first, with numparam convert" in capsys.readouterr().err
