"""Parameters are made from files of any format, saved into them and loaded again."""

import numpy as np
import pytest

import numparam as mx
from numparam.gluon.errors import LoadError

FORMATS = ["params", "safetensors", "npz", "pt"]


def _path(tmp_path, suffix):
    if suffix == "pt":
        pytest.importorskip("torch", reason="PyTorch is not installed")
    return tmp_path / f"net.{suffix}"


@pytest.mark.parametrize("suffix", FORMATS)
def test_parameters_are_declared_as_the_file_says(tmp_path, suffix):
    path = _path(tmp_path, suffix)
    arrays = {
        "arg:fc_weight": mx.nd.array([[1, 2]], dtype="float16"),
        "aux:bn_state": mx.nd.ones(3),
        "arg:bn_running_var": mx.nd.ones(3),
        "arg:count": mx.nd.array([4], dtype="int64"),
        "arg:table": mx.nd.sparse.row_sparse_array(([[1.0, 2.0]], [3]), shape=(5, 2)),
    }
    mx.Checkpoint.from_arrays(arrays).save(path)
    contexts = [mx.cpu(0), mx.cpu(1)]
    params = mx.gluon.ParameterDict.from_file(path, contexts, "net_")
    assert {name: parameter.grad_req for name, parameter in params.items()} == {
        "net_fc_weight": "write",
        "net_bn_state": "null",
        "net_bn_running_var": "null",
        "net_count": "null",
        "net_table": "write",
    }
    weight = params["net_fc_weight"]
    assert weight.dtype == np.float16
    assert weight.list_ctx() == contexts
    assert weight.data(mx.cpu(1)).asnumpy().tolist() == [[1, 2]]
    params.save(tmp_path / "again.params")
    again = mx.Checkpoint(tmp_path / "again.params")
    assert again.headers["net_table"].storage == "row_sparse"
    assert again["net_table"].asnumpy()[3].tolist() == [1, 2]


@pytest.mark.parametrize("suffix", FORMATS)
def test_save_and_load_take_any_format(tmp_path, suffix):
    path = _path(tmp_path, suffix)
    params = mx.gluon.ParameterDict("net_")
    params.get("weight", shape=(2, 3), init="ones")
    params.initialize(ctx=[mx.cpu(0), mx.cpu(1)])
    params.save(path, strip_prefix="net_")
    assert list(mx.Checkpoint(path)) == ["weight"]
    params["net_weight"].set_data(mx.nd.zeros((2, 3)))
    params.load(path, restore_prefix="net_")
    assert params["net_weight"].data(mx.cpu(1)).asnumpy().tolist() == [[1] * 3] * 2


def test_a_file_of_another_format_that_does_not_fit_changes_nothing(tmp_path):
    path = tmp_path / "net.npz"
    np.savez(path, weight=np.zeros((2, 4), np.float32))
    params = mx.gluon.ParameterDict()
    params.get("weight", shape=(2, 3), init="ones")
    params.initialize()
    with pytest.raises(LoadError, match=r"net\.npz"):
        params.load(path)
    assert params["weight"].data().asnumpy().sum() == 6


@pytest.mark.parametrize("suffix", FORMATS)
def test_scalars_are_loaded_without_numpy_shapes(tmp_path, suffix):
    path = _path(tmp_path, suffix)
    arrays = {"bn.num_batches_tracked": np.array(7), "bn.weight": np.ones(3, np.float32)}
    mx.Checkpoint.from_arrays(arrays).save(path)
    params = mx.gluon.ParameterDict.from_file(path, [mx.cpu(0), mx.cpu(1)])
    count = params["bn.num_batches_tracked"]
    assert count.grad_req == "null"
    assert count.data(mx.cpu(1)).asnumpy() == np.array(7)
    count.set_data(np.array(9))
    params.load(path)
    assert count.data(mx.cpu(0)).asnumpy() == np.array(7)
