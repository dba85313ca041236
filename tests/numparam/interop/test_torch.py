"""PyTorch modules on parameters' memory."""

import copy
import io
import pickle
import threading

import numpy as np
import pytest

import numparam as mx

torch = pytest.importorskip("torch", reason="PyTorch is in the extra 'torch'")
from numparam.interop import torch as nt  # noqa: E402 - after the skip

CPUS = [mx.cpu(0), mx.cpu(1)]


def network():
    torch.manual_seed(0)
    return torch.nn.Sequential(
        torch.nn.Linear(4, 8), torch.nn.BatchNorm1d(8), torch.nn.ReLU(), torch.nn.Linear(8, 3)
    )


def bound(net, ctx=CPUS, **keywords):
    params = nt.parameters(net, ctx, **keywords)
    return params, nt.bind(net, params)


def address(array):
    return array._memory.ctypes.data


class Table(torch.nn.Module):
    """A table of 20 rows, of which a few are looked up, and a layer after it."""

    def __init__(self, sparse=True):
        super().__init__()
        torch.manual_seed(1)
        self.rows = torch.nn.Embedding(20, 3, sparse=sparse)
        self.layer = torch.nn.Linear(3, 1)

    def forward(self, ids):
        return self.layer(self.rows(ids)).sum()


# Parameters of a module


def test_parameters_have_names_shapes_values_and_grad_req_of_the_module():
    net = network()
    net[0].bias.requires_grad_(False)
    params = nt.parameters(net, CPUS)
    state = net.state_dict()
    assert sorted(params.keys()) == sorted(state)
    assert params["0.weight"].grad_req == params["1.weight"].grad_req == "add"
    for name in ("0.bias", "1.running_mean", "1.running_var", "1.num_batches_tracked"):
        assert params[name].grad_req == "null"
    assert params["1.num_batches_tracked"].shape == ()
    for name, tensor in state.items():
        for ctx in CPUS:
            np.testing.assert_array_equal(params[name].data(ctx).asnumpy(), tensor.numpy())


def test_parameters_take_prefix_and_grad_req():
    params = nt.parameters(network(), mx.cpu(0), prefix="net_", grad_req="write")
    assert params["net_0.weight"].grad_req == "write"
    with pytest.raises(nt.UnbindableError, match="'add' or 'write'"):
        nt.parameters(network(), mx.cpu(0), grad_req="null")


def test_tied_weights_are_one_parameter_under_both_names():
    net = torch.nn.Sequential(torch.nn.Embedding(5, 3), torch.nn.Linear(3, 5, bias=False))
    net[1].weight = net[0].weight
    params, (first, _) = bound(net)
    assert params["0.weight"] is params["1.weight"]
    assert first[0].weight is first[1].weight
    first(torch.tensor([1])).sum().backward()
    trainer = mx.gluon.Trainer(params, "sgd", {"learning_rate": 1})
    before, grad = first[0].weight.detach().clone(), first[0].weight.grad.clone()
    params["0.weight"].data(CPUS[1])._fresh_grad = 1
    trainer.step(1)
    torch.testing.assert_close(first[0].weight.detach(), before - grad)
    assert net.load_state_dict(nt.state_dict(params))


def test_buffers_that_are_not_persistent_stay_pytorchs():
    net = torch.nn.Module()
    net.register_buffer("kept", torch.ones(2))
    net.register_buffer("passing", torch.ones(2), persistent=False)
    params, (replica,) = bound(net, mx.cpu(0))
    assert list(params.keys()) == ["kept"]
    assert replica.passing.data_ptr() not in (0, net.passing.data_ptr())


EMPTY = {"num_embeddings": 0, "embedding_dim": 3}


@pytest.mark.parametrize(
    ("kind", "options", "message"),
    [
        pytest.param(torch.nn.LazyLinear, {"out_features": 3}, "no shape yet", id="lazy"),
        pytest.param(torch.nn.Linear, {"device": "meta"}, "meta device", id="meta"),
        pytest.param(torch.nn.Linear, {"dtype": torch.complex64}, "complex64", id="complex"),
        pytest.param(torch.nn.Embedding, EMPTY, "no elements", id="empty"),
    ],
)
@pytest.mark.filterwarnings("ignore:Lazy modules:UserWarning")
def test_tensors_that_no_parameter_can_have_are_named(kind, options, message):
    if kind is torch.nn.Linear:
        options = {"in_features": 3, "out_features": 2, **options}
    module = kind(**options)
    with pytest.raises(nt.UnbindableError, match=f"weight.*{message}"):
        nt.parameters(module, mx.cpu(0))


# Shared memory


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_weights_and_gradients_are_the_same_memory_both_ways(dtype):
    net = network().to(getattr(torch, dtype))
    params, replicas = bound(net)
    for replica, ctx in zip(replicas, CPUS, strict=True):
        for name, weight in replica.named_parameters():
            data, grad = params[name].data(ctx), params[name].grad(ctx)
            assert weight.dtype == getattr(torch, dtype)
            assert (weight.data_ptr(), weight.grad.data_ptr()) == (address(data), address(grad))
            data[:] = 3
            grad[:] = 5
            assert weight.detach().unique().tolist() == [3]
            assert weight.grad.unique().tolist() == [5]
            with torch.no_grad():
                weight.fill_(7)
                weight.grad.fill_(9)
            assert np.unique(data.asnumpy()) == [7]
            assert np.unique(grad.asnumpy()) == [9]


@pytest.mark.parametrize(
    "dtype", ["uint8", "int8", "int16", "int32", "int64", "bool", "uint16", "uint32", "uint64"]
)
def test_buffers_are_the_same_memory_both_ways(dtype):
    net = torch.nn.Module()
    net.register_buffer("table", torch.zeros(4, dtype=getattr(torch, dtype)))
    params, (replica,) = bound(net, mx.cpu(0))
    data = params["table"].data()
    assert replica.table.data_ptr() == address(data)
    data[1] = 1
    assert replica.table.tolist() == [0, 1, 0, 0]
    replica.table.fill_(1)
    assert data.asnumpy().tolist() == [1, 1, 1, 1]


def test_running_statistics_are_numparams_arrays():
    params, (first, second) = bound(network())
    first(torch.randn(16, 4))
    assert params["1.num_batches_tracked"].data(CPUS[0]).asnumpy() == 1
    assert params["1.num_batches_tracked"].data(CPUS[1]).asnumpy() == 0
    np.testing.assert_array_equal(
        params["1.running_mean"].data(CPUS[0]).asnumpy(), first[1].running_mean.numpy()
    )
    assert second[1].running_mean.abs().sum() == 0


def test_the_module_itself_stays_as_it_is():
    net = network()
    before = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    params, replicas = bound(net)
    replicas[0](torch.randn(4, 4)).sum().backward()
    for parameter in params.values():
        parameter.set_data(np.ones(parameter.shape))
    assert type(net) is torch.nn.Sequential
    assert all(weight.grad is None for weight in net.parameters())
    for name, tensor in net.state_dict().items():
        assert torch.equal(tensor, before[name])


# Gradients


def gradients(net, inputs, times):
    for _ in range(times):
        net(inputs).square().sum().backward()
    return {name: weight.grad.clone() for name, weight in net.named_parameters()}


@pytest.mark.parametrize(("grad_req", "times"), [("add", 2), ("write", 1)])
def test_backward_adds_or_replaces_as_grad_req_says(grad_req, times):
    net, inputs = network(), torch.randn(6, 4)
    wanted = gradients(copy.deepcopy(net).eval(), inputs, times)
    params, (replica,) = bound(net.eval(), mx.cpu(0), grad_req=grad_req)
    gradients(replica, inputs, 2)
    for name, weight in replica.named_parameters():
        assert weight.grad.data_ptr() == address(params[name].grad())
        torch.testing.assert_close(weight.grad, wanted[name], rtol=0, atol=0)


@pytest.mark.parametrize("set_to_none", [True, False])
@pytest.mark.parametrize("of", ["module", "optimizer"])
def test_gradients_stay_shared_after_zero_grad(set_to_none, of):
    net, inputs = network(), torch.randn(6, 4)
    params, (replica,) = bound(net, mx.cpu(0))
    zeroing = replica if of == "module" else torch.optim.SGD(replica.parameters(), lr=1)
    for _ in range(2):
        replica(inputs).sum().backward()
        assert params["3.bias"].grad().asnumpy().tolist() == [6, 6, 6]
        zeroing.zero_grad(set_to_none=set_to_none)
        assert (replica[3].bias.grad is None) is set_to_none
        assert params["3.bias"].grad().asnumpy().tolist() == [0, 0, 0]
    replica(inputs).sum().backward()
    assert replica[3].bias.grad.data_ptr() == address(params["3.bias"].grad())


def test_a_gradient_that_numparam_wrote_ends_none():
    params, (replica,) = bound(torch.nn.Linear(2, 1), mx.cpu(0))
    replica.zero_grad()
    assert replica.bias.grad is None
    mx.autograd.accumulate_grad(params["bias"].data(), [4])
    assert replica.bias.grad.tolist() == [4]


def test_assigned_gradients_and_data_are_copied_into_the_memory():
    params, (replica,) = bound(torch.nn.Linear(2, 1), mx.cpu(0))
    replica.bias.grad = torch.tensor([3.0])
    replica.bias.data = torch.tensor([2.0])
    assert params["bias"].grad().asnumpy() == [3]
    assert params["bias"].data().asnumpy() == [2]
    assert replica.bias.grad.data_ptr() == address(params["bias"].grad())
    with pytest.raises(nt.BoundModuleError, match=r"\(1,\), torch.float32"):
        replica.bias.grad = torch.zeros(2)
    with pytest.raises(nt.BoundModuleError, match="float64"):
        replica.bias.data = torch.zeros(1, dtype=torch.float64)


@pytest.mark.filterwarnings("ignore:Using backward.. with create_graph=True:UserWarning")
def test_a_gradient_with_a_graph_is_refused():
    _, (replica,) = bound(torch.nn.Linear(2, 1), mx.cpu(0))
    with pytest.raises(nt.BoundModuleError, match=r"autograd\.grad"):
        (replica.weight**2).sum().backward(create_graph=True)
    assert torch.autograd.grad((replica.weight**3).sum(), replica.weight, create_graph=True)


def test_requires_grad_follows_grad_req():
    net = network()
    params, (replica,) = bound(net, mx.cpu(0))
    params["0.weight"].grad_req = "null"
    replica(torch.randn(4, 4)).sum().backward()
    assert not replica[0].weight.requires_grad
    assert replica[0].weight.grad is None
    params["0.weight"].grad_req = "write"
    replica(torch.randn(4, 4)).square().sum().backward()
    assert replica[0].weight.grad.data_ptr() == address(params["0.weight"].grad())
    assert params["0.weight"].grad().asnumpy().any()


def test_a_frozen_weight_is_only_pytorchs_concern():
    params, (replica,) = bound(torch.nn.Linear(2, 1), mx.cpu(0))
    trainer = mx.gluon.Trainer(params, "sgd", {"learning_rate": 1})
    replica.weight.requires_grad_(False)
    replica(torch.ones(1, 2)).sum().backward()
    before = replica.weight.clone()
    with pytest.raises(UserWarning, match="'weight'"):
        trainer.step(1)
    trainer.step(1, ignore_stale_grad=True)
    assert torch.equal(replica.weight, before)


# Training


def trained(net, steps, step_all, replicas, zero):
    torch.manual_seed(3)
    for _ in range(steps):
        inputs, wanted = torch.randn(8, 4), torch.randn(8, 3)
        zero()
        for replica, x, y in zip(
            replicas, inputs.chunk(len(replicas)), wanted.chunk(len(replicas)), strict=True
        ):
            torch.nn.functional.mse_loss(replica(x), y, reduction="sum").backward()
        step_all()


@pytest.mark.parametrize("update_on_kvstore", [True, False])
def test_a_trainer_on_two_contexts_trains_as_pytorch_does(update_on_kvstore):
    net = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.Tanh(), torch.nn.Linear(8, 3))
    params, replicas = bound(net)
    trainer = mx.gluon.Trainer(
        params,
        "sgd",
        {"learning_rate": 0.05, "momentum": 0.9},
        update_on_kvstore=update_on_kvstore,
    )
    trained(net, 5, lambda: trainer.step(8), replicas, params.zero_grad)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.05 / 8, momentum=0.9)
    trained(net, 5, optimizer.step, [net], optimizer.zero_grad)
    for name, tensor in net.named_parameters():
        for replica in replicas:
            torch.testing.assert_close(replica.get_parameter(name), tensor, rtol=1e-5, atol=1e-6)


def test_a_trainer_wants_a_backward_pass_before_each_step():
    params, (replica,) = bound(torch.nn.Linear(2, 1), mx.cpu(0))
    trainer = mx.gluon.Trainer(params, "sgd")
    replica(torch.ones(1, 2)).sum().backward()
    trainer.step(1)
    with pytest.raises(UserWarning, match="was not written"):
        trainer.step(1)


@pytest.mark.parametrize("optimizer", [torch.optim.SGD, torch.optim.AdamW, torch.optim.LBFGS])
def test_pytorchs_optimizers_step_numparams_memory(optimizer):
    net, inputs = torch.nn.Linear(4, 3), torch.randn(8, 4)
    _, (replica,) = bound(net, mx.cpu(0))
    for each in (net, replica):
        stepping = optimizer(each.parameters(), lr=0.1)

        def closure(each=each, stepping=stepping):
            stepping.zero_grad()
            loss = each(inputs).square().sum()
            loss.backward()
            return loss

        for _ in range(3):
            stepping.step(closure)
    torch.testing.assert_close(replica.weight, net.weight, rtol=0, atol=0)


def test_gradients_are_averaged_over_contexts():
    params, (first, second) = bound(torch.nn.Linear(2, 1))
    first(torch.ones(1, 2)).sum().backward()
    second(torch.ones(3, 2)).sum().backward()
    params.mean_grads()
    assert first.bias.grad.tolist() == second.bias.grad.tolist() == [2]
    first.bias.data.fill_(1)
    second.bias.data.fill_(3)
    params.mean_data()
    assert first.bias.tolist() == second.bias.tolist() == [2]


def test_threads_run_the_contexts_modules():
    params, replicas = bound(Table())
    wanted = copy.deepcopy(replicas[0])
    ids = torch.arange(20).repeat(5)

    def run(replica):
        for _ in range(20):
            replica(ids).backward()

    threads = [threading.Thread(target=run, args=(replica,)) for replica in replicas]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    run(wanted)
    for replica in replicas:
        torch.testing.assert_close(replica.layer.weight.grad, wanted.layer.weight.grad)
        torch.testing.assert_close(
            replica.rows.weight.grad.to_dense(), wanted.rows.weight.grad.to_dense()
        )
    assert params["rows.weight"].grad(CPUS[0]).stype == "row_sparse"


# Row-sparse gradients


def test_sparse_embeddings_have_row_sparse_gradients_in_shared_memory():
    params, replicas = bound(Table())
    for replica, ctx in zip(replicas, CPUS, strict=True):
        for _ in range(2):
            replica(torch.tensor([3, 1, 3])).backward()
        gradient = params["rows.weight"].grad(ctx)
        tensor = replica.rows.weight.grad
        assert gradient.indices.asnumpy().tolist() == [1, 3]
        assert tensor.is_coalesced()
        assert tensor._values().data_ptr() == gradient._parts.data.ctypes.data
        assert tensor._indices().data_ptr() == gradient._parts.indices.ctypes.data
        layer = replica.layer.weight.detach()[0]
        torch.testing.assert_close(tensor._values(), torch.stack([2 * layer, 4 * layer]))


def test_an_exact_trainer_steps_a_sparse_embedding_to_the_bits_of_a_dense_one():
    results = []
    for sparse in (True, False):
        params, replicas = bound(Table(sparse))
        optimizer = mx.optimizer.create("adam", learning_rate=0.1, wd=0.1, lazy_update=False)
        trainer = mx.gluon.Trainer(params, optimizer)
        generator = torch.Generator().manual_seed(2)
        for _ in range(6):
            for replica in replicas:
                replica.zero_grad()
            for replica in replicas:
                replica(torch.randint(0, 20, (4,), generator=generator)).backward()
            trainer.step(8)
        assert torch.equal(replicas[0].rows.weight, replicas[1].rows.weight)
        results.append(replicas[0].rows.weight.detach().clone())
    assert torch.equal(*results)


def test_rows_that_were_summed_over_contexts_are_not_written_through_another_contexts_tensor():
    params, (first, second) = bound(Table())
    trainer = mx.gluon.Trainer(params, "sgd", update_on_kvstore=False)
    for replica in (first, second):
        replica(torch.tensor([2])).backward()
    trainer.allreduce_grads()
    first.rows.weight.grad._values().mul_(10)
    one, other = (params["rows.weight"].grad(ctx).data.asnumpy() for ctx in CPUS)
    np.testing.assert_array_equal(one, 10 * other)
    np.testing.assert_array_equal(second.rows.weight.grad._values().numpy(), other)


@pytest.mark.parametrize("set_to_none", [True, False])
def test_row_sparse_gradients_stay_shared_after_zero_grad(set_to_none):
    params, (replica,) = bound(Table(), mx.cpu(0))
    optimizer = torch.optim.SparseAdam([replica.rows.weight], lr=0.1)
    for ids in ([1, 2], [5]):
        optimizer.zero_grad(set_to_none=set_to_none)
        replica(torch.tensor(ids)).backward()
        assert params["rows.weight"].grad().indices.asnumpy().tolist() == ids
        optimizer.step()
    params.zero_grad()
    assert replica.rows.weight.grad._nnz() == 0


@pytest.mark.parametrize(
    ("operation", "ids"),
    [
        pytest.param(lambda tensor: tensor.mul_(10), [2, 4], id="mul_"),
        pytest.param(lambda tensor: torch._foreach_mul_([tensor], 10.0), [2, 4], id="foreach"),
        pytest.param(lambda tensor: tensor.add_(tensor, alpha=9), [2, 4], id="add_"),
        pytest.param(lambda tensor: tensor.zero_(), [], id="zero_"),
    ],
)
def test_in_place_operations_on_a_sparse_tensor_reach_the_gradient(operation, ids):
    params, (replica,) = bound(Table(), mx.cpu(0))
    replica(torch.tensor([2, 4])).backward()
    gradient = params["rows.weight"].grad()
    before = gradient.data.asnumpy()
    operation(replica.rows.weight.grad)
    assert gradient.indices.asnumpy().tolist() == ids
    np.testing.assert_array_equal(gradient.data.asnumpy(), 10 * before[: len(ids)])
    tensor = replica.rows.weight.grad
    assert not ids or tensor._values().data_ptr() == gradient._parts.data.ctypes.data
    copied = copy.deepcopy(tensor)
    copied.zero_()
    replica(torch.tensor([0])).backward()
    assert gradient.indices.asnumpy().tolist() == [0, *ids]


def test_sparse_and_dense_tensors_are_assigned_to_row_sparse_gradients():
    params, (replica,) = bound(Table(), mx.cpu(0))
    replica(torch.tensor([4])).backward()
    replica.rows.weight.grad = replica.rows.weight.grad * 2
    assert params["rows.weight"].grad().indices.asnumpy().tolist() == [4]
    dense = torch.zeros(20, 3)
    dense[7] = 1
    replica.rows.weight.grad = dense
    assert params["rows.weight"].grad().indices.asnumpy().tolist() == [7]


# What would part a module from the memory


@pytest.mark.parametrize(
    "breaking",
    [
        pytest.param(lambda net: net.half(), id="half"),
        pytest.param(lambda net: net.double(), id="double"),
        pytest.param(lambda net: net.bfloat16(), id="bfloat16"),
        pytest.param(lambda net: net[0].half(), id="half of a part"),
        pytest.param(lambda net: net.to(torch.float64), id="to a dtype"),
        pytest.param(lambda net: net.to("meta"), id="to a device"),
        pytest.param(lambda net: net.to_empty(device="cpu"), id="to_empty"),
        pytest.param(lambda net: net.type(torch.float16), id="type"),
        pytest.param(lambda net: net.share_memory(), id="share_memory"),
        pytest.param(lambda net: net[0].weight.share_memory_(), id="share_memory_"),
        pytest.param(lambda net: net[0].weight.set_(torch.ones(1)), id="set_"),
        pytest.param(lambda net: net[0].weight.resize_(2), id="resize_"),
        pytest.param(
            lambda net: net.load_state_dict(network().state_dict(), assign=True), id="assign"
        ),
        pytest.param(
            lambda net: setattr(net[0], "weight", torch.nn.Parameter(torch.ones(8, 4))),
            id="another parameter",
        ),
        pytest.param(
            lambda net: net[0].register_parameter("weight", torch.nn.Parameter(torch.ones(8, 4))),
            id="register_parameter",
        ),
        pytest.param(lambda net: net[1].register_buffer("running_mean", None), id="no buffer"),
        pytest.param(
            lambda net: setattr(net[1], "running_mean", torch.ones(8).double()), id="other dtype"
        ),
        pytest.param(lambda net: delattr(net[0], "weight"), id="delete"),
    ],
)
def test_what_would_part_a_module_from_the_memory_is_refused_and_changes_nothing(breaking):
    params, (replica,) = bound(network(), mx.cpu(0))
    before = {name: tensor.clone() for name, tensor in replica.state_dict().items()}
    with pytest.raises(nt.BoundModuleError):
        breaking(replica)
    after = replica.state_dict()
    assert after.keys() == before.keys()
    for name, tensor in after.items():
        assert torch.equal(tensor, before[name])
        assert tensor.data_ptr() == address(params[name].data())


def test_conversions_that_change_nothing_are_allowed():
    params, (replica,) = bound(network(), mx.cpu(0))
    replica.float().cpu().to("cpu").to(torch.float32).train().eval()
    for name, tensor in replica.state_dict().items():
        assert tensor.data_ptr() == address(params[name].data())


def test_values_are_written_in_place_by_load_state_dict_and_by_assigned_buffers():
    net = network()
    params, (replica,) = bound(network(), mx.cpu(0))
    net[0].weight.data.fill_(5)
    replica.load_state_dict(net.state_dict())
    assert np.unique(params["0.weight"].data().asnumpy()) == [5]
    replica[1].running_mean = replica[1].running_mean + 2
    assert np.unique(params["1.running_mean"].data().asnumpy()) == [2]
    with torch.no_grad():
        replica[0].weight *= 2
    assert np.unique(params["0.weight"].data().asnumpy()) == [10]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda params: params.setattr("dtype", "float64"), id="cast"),
        pytest.param(lambda params: params.reset_ctx(mx.cpu(3)), id="move"),
    ],
)
def test_a_module_whose_parameters_got_other_arrays_says_so(change):
    params, (replica,) = bound(torch.nn.Linear(2, 1), mx.cpu(0))
    change(params)
    with pytest.raises(nt.BoundModuleError, match=r"bind\(\) again"):
        replica(torch.ones(1, 2))
    with pytest.raises(nt.BoundModuleError, match=r"bind\(\) again"):
        replica.weight.grad  # noqa: B018 - reading it is what is tested


def test_a_module_follows_what_keeps_the_memory(tmp_path):
    params, (replica,) = bound(torch.nn.Linear(2, 1), mx.cpu(0))
    params.save(tmp_path / "net.params")
    params.initialize(mx.init.One(), force_reinit=True)
    assert replica(torch.ones(1, 2)).item() == 3
    params.load(tmp_path / "net.params")
    replica(torch.ones(1, 2)).sum().backward()
    assert replica.bias.grad.data_ptr() == address(params["bias"].grad())
    assert params["bias"].grad().asnumpy() == [1]


# Copies


def pickled(net):
    return pickle.loads(pickle.dumps(net))


def saved(net):
    file = io.BytesIO()
    torch.save(net, file)
    file.seek(0)
    return torch.load(file, weights_only=False)


@pytest.mark.parametrize("copied", [copy.deepcopy, pickled, saved])
def test_copies_and_pickles_are_plain_modules(copied):
    _, (replica,) = bound(network(), mx.cpu(0))
    replica(torch.randn(4, 4)).sum().backward()
    net = copied(replica)
    assert type(net) is torch.nn.Sequential
    assert type(net[0]) is torch.nn.Linear
    assert type(net[0].weight) is torch.nn.Parameter
    assert torch.equal(net[0].weight, replica[0].weight)
    before = replica[0].weight.detach().clone()
    net.double()(torch.randn(4, 4).double()).sum().backward()
    net[0].weight.data.fill_(0)
    assert torch.equal(replica[0].weight, before)


def test_modules_keep_their_type_and_attributes():
    net = torch.nn.LSTM(3, 4)
    net.weight_ih_l0.no_decay = True
    params, (replica,) = bound(net, mx.cpu(0))
    assert isinstance(replica, torch.nn.LSTM)
    assert repr(replica) == repr(net)
    assert replica.weight_ih_l0.no_decay
    replica(torch.ones(2, 1, 3))[0].sum().backward()
    assert params["weight_ih_l0"].grad().asnumpy().any()
    torch.testing.assert_close(replica(torch.ones(2, 1, 3)), net(torch.ones(2, 1, 3)))


def test_modules_are_called_functionally_and_traced():
    import torch.fx

    _, (replica,) = bound(torch.nn.Linear(2, 1), mx.cpu(0))
    zeros = {"weight": torch.zeros(1, 2), "bias": torch.zeros(1)}
    assert torch.func.functional_call(replica, zeros, torch.ones(1, 2)).item() == 0
    traced = torch.fx.symbolic_trace(torch.nn.Sequential(replica))
    torch.testing.assert_close(traced(torch.ones(1, 2)), replica(torch.ones(1, 2)))


# Binding


def test_what_does_not_fit_is_refused():
    net = network()
    params = nt.parameters(net, mx.cpu(0))
    with pytest.raises(nt.UnbindableError, match=r"no parameters for '4\.weight', '4\.bias'"):
        nt.bind(torch.nn.Sequential(*net, torch.nn.Linear(3, 2)), params)
    net[3] = torch.nn.Linear(8, 4)
    with pytest.raises(nt.UnbindableError, match=r"'3\.weight' has shape \(3, 8\)"):
        nt.bind(net, params)


def test_row_sparse_and_integer_parameters_are_refused():
    net = torch.nn.Embedding(4, 2)
    params = mx.gluon.ParameterDict()
    params.get("weight", shape=(4, 2), stype="row_sparse")
    params.initialize()
    with pytest.raises(nt.UnbindableError, match="row_sparse"):
        nt.bind(net, params)
    params = nt.parameters(net, mx.cpu(0))
    params["weight"].cast("int32")
    with pytest.raises(nt.UnbindableError, match="grad_req to 'null'"):
        nt.bind(net, params)


def test_parameters_on_different_contexts_are_refused():
    net = torch.nn.Linear(2, 1)
    params = nt.parameters(net, mx.cpu(0))
    params["bias"].reset_ctx(mx.cpu(1))
    with pytest.raises(nt.UnbindableError, match="same contexts"):
        nt.bind(net, params)


def test_devices_that_the_host_cannot_touch_are_refused(opaque):
    net = torch.nn.Linear(2, 1)
    params = nt.parameters(net, mx.cpu(0))
    with pytest.raises(nt.UnbindableError, match="use host contexts"):
        nt.bind(net, params)


# States


def test_state_dicts_go_both_ways():
    net, other = network(), network()
    params, _ = bound(net, prefix="net_")
    for parameter in params.values():
        parameter.data(CPUS[1])[:] = parameter.data(CPUS[1]) + 2
    mean = nt.state_dict(params)
    other.load_state_dict(mean)
    torch.testing.assert_close(other[0].weight.detach(), net[0].weight.detach() + 1)
    shared = nt.state_dict(params, CPUS[1])
    assert shared["0.weight"].data_ptr() == address(params["net_0.weight"].data(CPUS[1]))
    assert mean["0.weight"].data_ptr() != address(params["net_0.weight"].data(CPUS[0]))
    before = address(params["net_0.weight"].data(CPUS[0]))
    assert nt.load_state_dict(params, net.double().state_dict()) == ([], [])
    assert params["net_0.weight"].data(CPUS[1]).dtype is np.float32
    assert address(params["net_0.weight"].data(CPUS[0])) == before
    torch.testing.assert_close(nt.state_dict(params)["0.weight"], net.float()[0].weight.detach())


def test_states_that_do_not_fit_change_nothing():
    params, (replica,) = bound(torch.nn.Linear(2, 1), mx.cpu(0))
    before = replica.weight.detach().clone()
    with pytest.raises(ValueError, match="bias"):
        nt.load_state_dict(params, {"weight": torch.ones(1, 2)})
    with pytest.raises(ValueError, match="more"):
        nt.load_state_dict(
            params, {"weight": torch.ones(1, 2), "bias": torch.ones(1), "more": torch.ones(1)}
        )
    with pytest.raises(ValueError, match="shape"):
        nt.load_state_dict(params, {"weight": torch.ones(3, 2)}, strict=False)
    assert torch.equal(replica.weight, before)
    result = nt.load_state_dict(params, {"more": torch.ones(1)}, strict=False)
    assert result == (["weight", "bias"], ["more"])
