import numpy as np
import pytest

import numparam as mx
from numparam.gluon import Parameter


class Store:
    """A Trainer's part that parameters talk to: a store of whole tables."""

    def __init__(self, *parameters):
        self._params = list(parameters)
        self._params_to_init = []
        self._kv_initialized = True
        self._update_on_kvstore = True
        self.tables = {p.name: p._data[0].asnumpy() for p in parameters}
        self.pulled = []
        self.resets = 0
        for parameter in parameters:
            parameter._set_trainer(self)

    def _row_sparse_pull(self, parameter, out, row_id, full_idx=False):
        ids = row_id.asnumpy()
        self.pulled.append((parameter.name, ids.tolist(), full_idx))
        if full_idx:
            assert ids.size == parameter.shape[0]
        for array in out if isinstance(out, list) else [out]:
            rows = self.tables[parameter.name][ids]
            array[:] = mx.nd.sparse.row_sparse_array(
                (rows, ids), shape=parameter.shape, ctx=array.context, dtype=array.dtype
            )

    def _reset_kvstore(self):
        self.resets += 1
        self._kv_initialized = False
        for parameter in self._params:
            self.tables[parameter.name] = parameter._data[0].asnumpy()


BOTH = (mx.cpu(0), mx.cpu(1))


def table(name="table", contexts=BOTH, **keywords):
    keywords = {"stype": "row_sparse", "grad_stype": "row_sparse", **keywords}
    parameter = Parameter(name, shape=(5, 2), **keywords)
    parameter.initialize("zeros", ctx=list(contexts))
    parameter.set_data(np.repeat(np.arange(5.0), 2).reshape(5, 2))
    return parameter


def test_rows_are_sorted_unique_and_new_each_time(device):
    parameter = table()
    Store(parameter)
    first = parameter.row_sparse_data(mx.nd.array([[3, 1], [3, 3]]))
    second = parameter.row_sparse_data(mx.nd.array([4], ctx=mx.cpu(1), dtype="int32"))
    assert first.indices.asnumpy().tolist() == [1, 3]
    assert first.data.asnumpy().tolist() == [[1, 1], [3, 3]]
    assert second.context == mx.cpu(1)
    assert first._grad is parameter._grad[0]
    assert second._grad is parameter._grad[1]
    assert [array.indices.asnumpy().tolist() for array in parameter._data] == [[0, 1, 2, 3, 4]] * 2


def test_listed_rows_come_from_one_pull(device):
    parameter = table()
    store = Store(parameter)
    listed = parameter.list_row_sparse_data(mx.nd.array([2, 0], ctx=mx.cpu(4)))
    assert [array.context for array in listed] == [mx.cpu(0), mx.cpu(1)]
    assert [array.indices.asnumpy().tolist() for array in listed] == [[0, 2]] * 2
    assert store.pulled == [("table", [0, 2], False)]


@pytest.mark.parametrize(
    ("ids", "dtype", "kind"),
    [
        ([5], "int64", IndexError),
        ([0, -1], "int64", IndexError),
        ([1.5], "float32", ValueError),
        ([float("nan")], "float32", ValueError),
        ([16777217], "float64", IndexError),
        ([16777216 * 2], "float32", ValueError),
    ],
)
def test_ids_that_are_no_rows_are_refused_before_the_store_is_asked(device, ids, dtype, kind):
    parameter = table()
    store = Store(parameter)
    for call in (parameter.row_sparse_data, parameter.list_row_sparse_data):
        with pytest.raises(kind, match="table") as refusal:
            call(mx.nd.array(ids, dtype=dtype))
        assert isinstance(refusal.value, mx.MXNetError)
    assert store.pulled == []


def test_ids_are_checked_by_the_kernels_of_their_device(opaque):
    parameter = table()
    Store(parameter)
    ids = mx.nd.array([3, 1], ctx=mx.cpu(1))
    opaque.backends[1].calls.clear()
    parameter.row_sparse_data(ids)
    assert "retain.unique_ids" in opaque.backends[1].calls


def test_the_whole_parameter_comes_from_the_store(device, tmp_path):
    parameter = table(dtype="float64")
    store = Store(parameter)
    store.tables["table"] = store.tables["table"] + 10
    average = parameter._reduce()
    assert (average.stype, average.dtype) == ("row_sparse", np.float64)
    np.testing.assert_array_equal(average.asnumpy(), store.tables["table"])
    assert store.pulled == [("table", [0, 1, 2, 3, 4], True)]
    parameters = mx.gluon.ParameterDict()
    parameters.update({"table": parameter})
    parameters.save(tmp_path / "table.params")
    loaded = mx.nd.load(str(tmp_path / "table.params"))["table"]
    np.testing.assert_array_equal(loaded.asnumpy(), store.tables["table"])


@pytest.mark.parametrize("change", ["set_data", "load"])
def test_other_rows_survive_when_values_are_written(device, change):
    written, other = table("written"), table("other")
    dense = Parameter("dense", shape=(2,))
    dense.initialize("ones")
    store = Store(written, other)
    store.tables["other"] = store.tables["other"] + 100
    values = np.full((5, 2), 7.0, np.float32)
    if change == "set_data":
        written.set_data(values)
    else:
        parameters = mx.gluon.ParameterDict()
        parameters.update({"written": written})
        parameters.load_dict({"written": mx.nd.array(values)})
    assert store.resets == 1
    assert not store._kv_initialized
    for array in other._data:
        np.testing.assert_array_equal(array.asnumpy(), np.arange(5.0)[:, None] + 100 + [0, 0])
    assert (written._data[1].asnumpy() == 7).all()


@pytest.mark.parametrize(
    "attribute", [("_kv_initialized", False), ("_update_on_kvstore", False), ("_params_to_init", 1)]
)
def test_a_store_that_does_not_hold_the_parameter_is_left_alone(device, attribute):
    parameter = table()
    store = Store(parameter)
    name, value = attribute
    setattr(store, name, [parameter] if value == 1 else value)
    parameter.set_data(np.zeros((5, 2)))
    assert store.resets == 0
    assert store.pulled == []


def test_without_a_trainer_rows_are_refused_and_the_rest_works(device):
    parameter = table()
    with pytest.raises(RuntimeError, match=r"table.*Trainer"):
        parameter.row_sparse_data(mx.nd.array([1]))
    assert parameter._reduce().indices.asnumpy().tolist() == [0, 1, 2, 3, 4]


def test_sparse_ids_are_refused(device):
    parameter = table()
    Store(parameter)
    with pytest.raises(mx.MXNetError, match="dense"):
        parameter.row_sparse_data(mx.nd.array([1, 0]).tostype("row_sparse"))


def test_without_a_trainer_the_error_names_what_works_without_one():
    parameter = table()
    for call in (parameter.row_sparse_data, parameter.list_row_sparse_data):
        with pytest.raises(RuntimeError, match=r"rows\(ids\)"):
            call(mx.nd.array([1]))
    assert parameter.rows([1]).shape == (1, *parameter.shape[1:])


@pytest.mark.parametrize(
    ("ids", "shown"), [([1.5], r"\[0\] is 1.5 as"), ([0, float("nan")], r"\[1\] is nan as")]
)
def test_ids_that_are_no_whole_numbers_are_shown_as_plain_numbers(ids, shown):
    with pytest.raises(ValueError, match=shown):
        table().rows(ids)
