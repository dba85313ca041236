import pytest

import numparam as mx
from numparam import runtime
from numparam.devices import cuda


def test_features_are_mxnets_and_one_object(monkeypatch):
    features = runtime.Features()
    assert features is mx.runtime.Features()
    assert len(features) == 32
    assert "CUDA" in features
    assert features.is_enabled("int64_tensor_size")
    assert not features.is_enabled("MKLDNN")
    for count in (0, 1):
        monkeypatch.setattr(cuda, "gpu_count", lambda count=count: count)
        assert features["CUDA"].enabled is features.is_enabled("cuda") is bool(count)
    assert [feature.name for feature in runtime.feature_list()] == list(features)
    assert "✔ INT64_TENSOR_SIZE" in repr(features)


def test_an_unknown_feature_is_refused():
    with pytest.raises(RuntimeError, match=r"'BLAS'; .*BLAS_OPEN"):
        runtime.Features().is_enabled("BLAS")
