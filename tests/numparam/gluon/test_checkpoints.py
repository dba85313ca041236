import copy
import io
import os
import pickle
import subprocess
import sys
import threading

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import numparam as mx
from numparam import formats
from numparam.formats import ParamsReader
from numparam.gluon import ParameterDict
from numparam.gluon.errors import IncompleteLoadError, LoadError
from tests.support.opaque import opaque_device

NAMES = ("weight", "bias", "gamma")
ON_THE_DEVICE = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def network(names=NAMES, state="new", prefix="net_", **keywords):
    parameters = ParameterDict(prefix)
    for name in names:
        parameters.get(name, shape=(2,), **keywords)
    if state == "initialised":
        parameters.initialize("zeros", ctx=[mx.cpu(1), mx.cpu(0)])
    return parameters


def arrays(names, dtype="float32"):
    return {name: np.asarray([i + 1, i + 1.5], dtype) for i, name in enumerate(names)}


def snapshot(parameters):
    return [
        [p.shape, np.dtype(p.dtype), [a.asnumpy().tolist() for a in p._data or []]]
        for p in parameters.values()
    ]


def write(path, data):
    records = [formats.DenseRecord(array) for array in data.values()]
    formats.write(path, list(data), records)


@ON_THE_DEVICE
@given(
    own=st.sets(st.sampled_from(NAMES)),
    given_names=st.sets(st.sampled_from((*NAMES, "extra"))),
    allow_missing=st.booleans(),
    ignore_extra=st.booleans(),
    prefix=st.sampled_from(["", "net_"]),
    kinds=st.sampled_from(["", "arg:", "aux:"]),
    own_dtype=st.sampled_from(["float32", "float16"]),
    dtype=st.sampled_from(["float32", "float16"]),
    cast=st.sampled_from([None, "current", "saved"]),
    state=st.sampled_from(["new", "initialised"]),
    through_file=st.booleans(),
    on_opaque=st.booleans(),
)
def test_every_combination_of_flags_loads_all_or_nothing(
    tmp_path,
    own,
    given_names,
    allow_missing,
    ignore_extra,
    prefix,
    kinds,
    own_dtype,
    dtype,
    cast,
    state,
    through_file,
    on_opaque,
):
    import contextlib

    with opaque_device("cpu") if on_opaque else contextlib.nullcontext():
        parameters = network(sorted(own), state, dtype=own_dtype)
        before = snapshot(parameters)
        values = arrays(sorted(given_names), dtype)
        shown = "" if prefix else "net_"
        data = {f"{kinds}{shown}{name}": array for name, array in values.items()}
        options = {"allow_missing": allow_missing, "ignore_extra": ignore_extra}
        options["restore_prefix"] = prefix
        if cast:
            options.update(cast_dtype=True, dtype_source=cast)

        def load():
            if through_file:
                path = tmp_path / "net.params"
                write(path, data)
                parameters.load(path, **options)
            else:
                parameters.load_dict(data, **options)

        missing = set() if allow_missing else own - given_names
        extra = set() if ignore_extra else given_names - own
        unlike = own & given_names if own_dtype != dtype and not cast else set()
        if missing or extra or unlike:
            with pytest.raises(LoadError) as refusal:
                load()
            assert snapshot(parameters) == before
            assert set(refusal.value.missing) == {shown + name for name in missing}
            assert set(refusal.value.unexpected) == {shown + name for name in extra}
            assert {name for name, _ in refusal.value.mismatched} == {shown + n for n in unlike}
            assert isinstance(refusal.value, AssertionError)
            return
        load()
        contexts = [mx.cpu(1), mx.cpu(0)] if state == "initialised" else [mx.cpu(0)]
        for name in own:
            parameter = parameters[f"net_{name}"]
            if name not in given_names:
                assert (parameter._data is None) == (state == "new")
                continue
            expected = dtype if cast == "saved" else own_dtype
            assert np.dtype(parameter.dtype) == expected
            assert parameter.list_ctx() == contexts
            for array in parameter.list_data():
                assert np.dtype(array.dtype) == expected
                assert array.asnumpy().tolist() == values[name].tolist()


def test_a_report_has_everything_that_is_wrong_with_the_nearest_names(device):
    parameters = network(state="initialised")
    data = {
        "net_wieght": np.ones(2, np.float32),
        "net_bias": np.ones(3, np.float32),
        "net_gamma": np.ones(2),
    }
    with pytest.raises(LoadError) as refusal:
        parameters.load_dict(data, filename="old.params")
    text = str(refusal.value)
    assert "'net_weight' (nearest: 'net_wieght')" in text
    assert "'net_wieght' (nearest: 'net_weight')" in text
    assert "net_bias" in text
    assert "(3,)" in text
    assert "float64" in text
    assert "old.params" in text
    assert refusal.value.missing == ("net_weight",)
    assert [name for name, _ in refusal.value.mismatched] == ["net_bias", "net_gamma"]
    again = pickle.loads(pickle.dumps(refusal.value))
    assert (str(again), again.missing) == (text, ("net_weight",))


def test_a_long_report_is_abbreviated():
    parameters = ParameterDict()
    for number in range(40):
        parameters.get(f"layer{number}_weight", shape=(1,))
    with pytest.raises(LoadError, match="and 30 more") as refusal:
        parameters.load_dict({f"x{number}": np.ones(1) for number in range(40)})
    assert len(refusal.value.missing) == 40
    assert len(str(refusal.value)) < 3000


@pytest.mark.parametrize(
    ("stype", "mode"),
    # With NumPy arrays there are no sparse parameters.
    [("default", "classic"), ("row_sparse", "classic"), ("csr", "classic"), ("default", "numpy")],
)
def test_what_is_saved_is_loaded_again(device, tmp_path, stype, mode):
    shape_on, array_on = (mode == "numpy",) * 2
    with mx.util.np_shape(shape_on), mx.util.np_array(array_on):
        first = ParameterDict("net_")
        first.get("w", shape=(3, 2), stype=stype).initialize("uniform", ctx=[mx.cpu(0), mx.cpu(1)])
        first.get_constant("c", [1, 2]).initialize()
        first.save(tmp_path / "net.params", strip_prefix="net_")
        second = ParameterDict("net_")
        second.get("w", shape=(0, 2), stype=stype)
        second.get_constant("c", [0, 0])
        second.load(tmp_path / "net.params", restore_prefix="net_", ctx=[mx.cpu(2), mx.cpu(0)])
        for array in second["net_w"]._data:
            assert array.stype == stype
            np.testing.assert_array_equal(array.asnumpy(), first["net_w"]._data[0].asnumpy())
            assert type(array).__name__ == type(first["net_w"]._data[0]).__name__
        assert second["net_c"].data(mx.cpu(2)).asnumpy().tolist() == [1, 2]


def test_scalars_are_saved_and_loaded(device, tmp_path):
    with mx.util.np_shape(True):
        parameters = ParameterDict()
        parameters.get("w", shape=()).initialize(mx.init.Constant(3))
        parameters.save(tmp_path / "net.params")
        parameters["w"].data()[()] = 0
        parameters.load(tmp_path / "net.params")
        assert float(parameters["w"].data().asnumpy()) == 3


@pytest.mark.parametrize("state", ["new", "initialised"])
def test_reading_that_fails_midway_says_what_has_changed(device, tmp_path, monkeypatch, state):
    parameters = network(state=state)
    before = snapshot(parameters)
    write(tmp_path / "net.params", arrays([f"net_{name}" for name in NAMES]))
    read, count = ParamsReader.read_into, []

    def failing(self, header, *out):
        count.append(header)
        if len(count) > (2 if state == "initialised" else 1):
            raise OSError("the disk is gone")
        read(self, header, *out)

    def failing_together(self, pairs, hold=None):
        raise OSError("the disk is gone")

    monkeypatch.setattr(ParamsReader, "read_into", failing)
    monkeypatch.setattr(ParamsReader, "read_many", failing_together)
    with pytest.raises(IncompleteLoadError, match="the disk is gone") as refusal:
        parameters.load(tmp_path / "net.params")
    assert refusal.value.changed == ("net_weight",)
    assert refusal.value.damaged == ("net_bias" if state == "initialised" else None)
    assert "net_weight" in str(refusal.value)
    assert isinstance(refusal.value, mx.MXNetError)
    assert isinstance(refusal.value.__cause__, OSError)
    after = snapshot(parameters)
    assert after[0] != before[0]
    assert after[2] == before[2]
    if state == "new":
        assert after[1] == before[1]


def test_a_lack_of_memory_while_values_are_read_is_a_memory_error(device, tmp_path, monkeypatch):
    parameters = network(state="initialised")
    write(tmp_path / "net.params", arrays([f"net_{name}" for name in NAMES]))

    def failing(*_, **__):
        raise MemoryError("no room")

    for method in ("read", "read_into", "read_many"):
        monkeypatch.setattr(ParamsReader, method, failing)
    with pytest.raises(MemoryError, match="no room") as refusal:
        parameters.load(tmp_path / "net.params")
    assert isinstance(refusal.value, IncompleteLoadError)
    assert isinstance(pickle.loads(pickle.dumps(refusal.value)), MemoryError)


def test_damage_is_found_before_anything_changes(device, tmp_path):
    parameters = network(state="initialised")
    before = snapshot(parameters)
    path = tmp_path / "net.params"
    write(path, arrays([f"net_{name}" for name in NAMES]))
    content = path.read_bytes()
    for cut in range(0, len(content), 7):
        path.write_bytes(content[:cut])
        with pytest.raises(mx.MXNetError, match=r"net\.params"):
            parameters.load(path)
        assert snapshot(parameters) == before
    with pytest.raises(FileNotFoundError):
        parameters.load(tmp_path / "absent.params")


@pytest.mark.parametrize("copies", [1, 2])
def test_ids_of_all_sparse_arrays_are_checked_before_anything_changes(device, tmp_path, copies):
    contexts = [mx.cpu(index) for index in range(copies)]
    parameters = ParameterDict()
    parameters.get("first", shape=(2,), init="ones")
    for name in ("good", "bad"):
        parameters.get(name, shape=(4, 1), stype="row_sparse", init="ones")
    parameters.initialize(ctx=contexts)
    rows = formats.RowSparseRecord((4, 1), np.zeros((2, 1), np.float32), np.array([1, 3]))
    dense = formats.DenseRecord(np.zeros(2, np.float32))
    contents = formats.dumps(["first", "good", "bad"], [dense, rows, rows])
    ids = rows.indices.tobytes()
    where = contents.rindex(ids)
    damaged = contents[:where] + np.array([3, 1]).tobytes() + contents[where + len(ids) :]
    (tmp_path / "net.params").write_bytes(damaged)
    before = snapshot(parameters)
    with pytest.raises(formats.SparseIndexError, match="ascend"):
        parameters.load(tmp_path / "net.params")
    assert snapshot(parameters) == before
    parameters.load(contents)
    assert snapshot(parameters) != before


def test_all_copies_take_what_is_read(device, tmp_path):
    parameters = ParameterDict()
    for index in range(300):
        parameters.get(f"w{index}", shape=(index % 5 + 1, 3), dtype=("float32", "bool")[index % 2])
    parameters.initialize("zeros", ctx=[mx.cpu(0), mx.cpu(1)])
    values = {
        name: (np.arange(p.shape[0] * 3) % 2).reshape(p.shape).astype(p.dtype)
        for name, p in parameters.items()
    }
    write(tmp_path / "net.params", values)
    parameters.load(tmp_path / "net.params")
    for name, parameter in parameters.items():
        for array in parameter.list_data():
            np.testing.assert_array_equal(array.asnumpy(), values[name])


def test_file_objects_are_saved_to_and_loaded_from(device):
    parameters = network(state="initialised")
    file = io.BytesIO()
    parameters.save(file)
    before = snapshot(parameters)
    for parameter in parameters.values():
        parameter.set_data(parameter.data() * 0 + 9)
    file.seek(0)
    parameters.load(file)
    assert snapshot(parameters) == before


def test_names_in_another_encoding_are_loaded_when_it_is_named(tmp_path):
    parameters = ParameterDict()
    parameters.get("权重", shape=(2,)).initialize("zeros")
    contents = formats.dumps(["xxxx"], [formats.DenseRecord(np.ones(2, np.float32))])
    (tmp_path / "net.params").write_bytes(contents.replace(b"xxxx", "权重".encode("gbk")))
    with pytest.raises(formats.NameEncodingError, match="encoding='gbk'"):
        parameters.load(tmp_path / "net.params")
    parameters.load(tmp_path / "net.params", encoding="gbk")
    assert parameters["权重"].data().asnumpy().tolist() == [1, 1]


def test_reports_stay_short_and_quoted_whatever_the_file_holds(tmp_path):
    parameters = network(state="initialised")
    names = ["\x1b[31m" + "n" * 2**19, *(f"extra{index}" for index in range(20_000))]
    record = formats.DenseRecord(np.ones(1, np.float32))
    formats.write(tmp_path / "net.params", names, [record] * len(names))
    with pytest.raises(LoadError) as caught:
        parameters.load(tmp_path / "net.params")
    assert len(str(caught.value)) < 4000
    assert str(caught.value).replace("\n", "").isprintable()


@pytest.mark.skipif(os.name != "posix", reason="/dev/fd")
def test_saving_into_a_pipe_holds_no_lock_while_it_waits_for_the_reader(tmp_path):
    parameters = ParameterDict()
    parameters.get("w", shape=(1 << 19,)).initialize("ones")
    whole = io.BytesIO()
    parameters.save(whole)
    read, write_end = os.pipe()
    saver = threading.Thread(target=parameters.save, args=(f"/dev/fd/{write_end}",), daemon=True)
    saver.start()
    with open(read, "rb") as pipe:
        begin = pipe.read(1)  # the save has begun, and is waiting for room in the pipe
        copied = []
        reader = threading.Thread(
            target=lambda: copied.append(parameters["w"].data().asnumpy()), daemon=True
        )
        reader.start()
        reader.join(timeout=60)
        assert copied, "the parameter cannot be read while the pipe is full"
        assert begin + pipe.read(len(whole.getvalue()) - 1) == whole.getvalue()
    saver.join(timeout=60)
    assert not saver.is_alive()
    os.close(write_end)


def test_loading_keeps_the_memory_of_initialised_parameters(device, tmp_path):
    parameters = network(state="initialised")
    buffers = [array._buffer for p in parameters.values() for array in p._data]
    write(tmp_path / "net.params", arrays([f"net_{name}" for name in NAMES]))
    parameters.load(tmp_path / "net.params")
    after = [array._buffer for p in parameters.values() for array in p._data]
    assert all(one is other for one, other in zip(buffers, after, strict=True))


def test_a_failed_save_leaves_the_old_file(device, tmp_path):
    parameters = network(state="initialised")
    path = tmp_path / "net.params"
    parameters.save(path)
    before = path.read_bytes()
    parameters.get("later", shape=(2,))
    with pytest.raises(RuntimeError, match="net_later"):
        parameters.save(path)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["net.params"]


def test_two_parameters_of_one_name_are_not_saved(tmp_path):
    parameters, other = network(state="initialised"), network(state="initialised")
    parameters._params["twin"] = other["net_bias"]
    with pytest.raises(ValueError, match="'net_bias'"):
        parameters.save(tmp_path / "net.params")
    parameters._params["twin"] = parameters["net_bias"]
    parameters.save(tmp_path / "net.params")
    assert len(mx.nd.load(str(tmp_path / "net.params"))) == 3


def test_names_of_a_list_are_asked_for(tmp_path):
    formats.write(tmp_path / "list.params", None, [formats.DenseRecord(np.ones(2, np.float32))])
    with pytest.raises(TypeError, match="names"):
        network().load(tmp_path / "list.params")


@pytest.mark.parametrize("value", [[1, 2], None, "text", 3])
def test_what_is_no_array_is_refused_by_name(value):
    parameters = network(state="initialised")
    before = snapshot(parameters)
    with pytest.raises(TypeError, match="net_gamma"):
        parameters.load_dict({**arrays(["net_weight", "net_bias"]), "net_gamma": value})
    assert snapshot(parameters) == before


def test_loading_does_not_import_numba(tmp_path):
    first = ParameterDict()
    first.get("w", shape=(300, 200)).initialize("zeros")
    first.get_constant("c", [1, 2]).initialize()
    first.save(tmp_path / "net.params")
    program = """
import sys
import numparam as mx
from numparam.gluon import ParameterDict
parameters = ParameterDict()
parameters.get("w", shape=(0, 200))
parameters.get_constant("c", [0, 0])
parameters.load(sys.argv[1], ctx=[mx.cpu(0), mx.cpu(1)])
parameters.load(sys.argv[1])
parameters.load_dict(mx.nd.load(sys.argv[1]))
print(parameters.summary())
assert "numba" not in sys.modules, "numba was imported"
"""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "net.params")],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_gradients_and_marks_stay_after_loading(device):
    parameters = network(state="initialised", grad_req="add")
    parameter = parameters["net_weight"]
    gradient = parameter.grad(mx.cpu(1))
    gradient[:] = 5
    with mx.autograd.record():
        parameters.load_dict(arrays([f"net_{name}" for name in NAMES]))
    assert parameter.grad(mx.cpu(1)) is gradient is parameter.data(mx.cpu(1))._grad
    assert (gradient.asnumpy() == 5).all()


def test_a_parameter_loaded_in_a_copy_is_not_that_of_the_original(device):
    parameters = network(state="initialised")
    copy.deepcopy(parameters).load_dict(arrays([f"net_{name}" for name in NAMES]))
    assert not any(p.data(mx.cpu(0)).asnumpy().any() for p in parameters.values())


@pytest.mark.parametrize(
    ("given", "what"),
    [
        (None, "NoneType"),
        (5, "int"),
        ([1, 2], "list"),
        ("net_weight", "str"),
        ({5: mx.nd.ones((2,))}, "name 5"),
        ([(None, mx.nd.ones((2,)))], "name None"),
    ],
)
def test_arrays_without_names_are_refused(given, what):
    parameters = ParameterDict()
    parameters.get("w", shape=(2,))
    with pytest.raises(TypeError, match=f"load_dict takes .*{what}"):
        parameters.load_dict(given)


@pytest.mark.parametrize("prefix", [None, 5, b"net_"])
def test_a_prefix_to_restore_is_a_string(prefix):
    parameters = ParameterDict()
    parameters.get("w", shape=(2,))
    with pytest.raises(TypeError, match="restore_prefix must be a string"):
        parameters.load_dict({"w": mx.nd.ones((2,))}, restore_prefix=prefix)


def scalar_members():
    members = ParameterDict()
    members.get("bn_count", shape=(), dtype="int64", grad_req="null", init="zeros")
    members.get_constant("bn_scale", np.float32(3))
    members.get("weight", shape=(2, 2), init="ones")
    return members


@pytest.mark.parametrize("target", [pytest.param(str, id="file"), pytest.param(None, id="memory")])
def test_scalars_are_declared_saved_and_loaded_without_a_switch(tmp_path, target):
    members = scalar_members()
    members.initialize(ctx=[mx.cpu(0), mx.cpu(1)])
    members["bn_count"].set_data(np.array(7))
    file = io.BytesIO() if target is None else str(tmp_path / "scalars.params")
    members.save(file)
    if target is None:
        file.seek(0)
    others = scalar_members()
    others.load(file, ctx=mx.cpu(2))
    assert others["bn_count"].data().asnumpy() == np.int64(7)
    assert others["bn_count"].data().shape == others["bn_scale"].data().shape == ()
    others.reset_ctx([mx.cpu(0), mx.cpu(1)])
    others.setattr("dtype", "float64")
    others.mean_data()
    assert pickle.loads(pickle.dumps(others))["bn_count"].data(mx.cpu(1)).asnumpy() == 7


def test_a_parameter_without_a_shape_takes_that_of_a_scalar(tmp_path):
    mx.nd.save(tmp_path / "one", {"count": np.array(5)})
    members = ParameterDict()
    members.get("count", dtype="int64")
    members.load(tmp_path / "one", ctx=mx.cpu())
    assert members["count"].shape == ()
    waiting = mx.gluon.Parameter("w", shape=(), allow_deferred_init=True)
    waiting.initialize("ones")
    assert waiting.data().asnumpy() == 1
