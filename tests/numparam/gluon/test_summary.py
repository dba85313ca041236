import numparam as mx
from numparam.gluon import ParameterDict


def network():
    parameters = ParameterDict("net_")
    parameters.get("weight", shape=(2, 3), dtype="float16").initialize(ctx=[mx.cpu(0), mx.cpu(1)])
    parameters.get("table", shape=(4, 2), stype="row_sparse", grad_stype="row_sparse").initialize()
    parameters.get("embedding", shape=(4, 2), grad_stype="row_sparse").initialize()
    parameters.get("bias", shape=(0,), allow_deferred_init=True, dtype=None).initialize()
    parameters.get("<new>", grad_req="null")
    parameters.get_constant("scale", [1.0]).initialize()
    return parameters


def test_rows_say_what_where_and_how_much(device):
    rows = {row.name: row for row in network().summary().rows}
    weight = rows["net_weight"]
    assert weight[:4] == ("net_weight", (2, 3), "float16", (mx.cpu(0), mx.cpu(1)))
    assert weight[4:] == ("write", "default", 2 * 2 * 12, "initialized", 6)
    assert rows["net_table"].storage == "row_sparse"
    assert rows["net_table"].nbytes == 4 * 2 * 4 + 4 * 8
    assert rows["net_embedding"].storage == "default (gradient row_sparse)"
    assert (rows["net_bias"].state, rows["net_bias"].dtype) == ("deferred", "not set")
    assert rows["net_bias"].contexts == (mx.cpu(0),)
    assert (rows["net_<new>"].state, rows["net_<new>"].shape) == ("not initialized", None)
    assert rows["net_scale"].state == "initialized (constant)"


def test_totals_add_up(device):
    summary = network().summary()
    assert summary.nbytes == sum(row.nbytes for row in summary.rows) == 48 + 64 + 32 + 4
    assert summary.elements == 6 + 8 + 8 + 1
    assert summary.totals.startswith("total: 6 parameters, 23 elements, 148 bytes")
    assert summary.totals.endswith("not initialized: 2")


def test_the_table_has_aligned_columns(device):
    lines = str(network().summary()).splitlines()
    assert len(lines) == 8
    start = lines[0].index("dtype")
    assert [line[start:].split()[0] for line in lines[1:4]] == ["float16", "float32", "float32"]
    assert repr(network().summary()) == "\n".join(lines)


def test_html_is_escaped(device):
    text = network()._repr_html_()
    assert "net_&lt;new&gt;" in text
    assert "<new>" not in text
    assert text.startswith("<table>")


def test_nothing_is_summarised_too():
    assert str(ParameterDict().summary()).endswith(
        "total: 0 parameters, 0 elements, 0 bytes in data and gradients"
    )
