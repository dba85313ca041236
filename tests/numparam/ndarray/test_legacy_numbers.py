import numpy as np
import pytest

from numparam import ndarray as nd
from numparam.ndarray import ndarray as module


def test_the_module_of_the_class_has_the_factories_of_the_package():
    assert module.array is nd.array
    assert module.zeros is nd.zeros
    assert module.NDArray is nd.NDArray
    assert module.concatenate is nd.concatenate
    assert module.py_slice is slice
    with pytest.raises(AttributeError, match="Convolution"):
        module.Convolution  # noqa: B018
    with pytest.raises(AttributeError, match="_nothing"):
        module._nothing  # noqa: B018


def test_the_numbers_of_dtypes_and_requests_are_mxnets():
    assert module._DTYPE_NP_TO_MX[np.float32] == 0
    assert module._DTYPE_MX_TO_NP[7] is np.bool_
    assert module._DTYPE_MX_TO_NP[-1] is None
    assert module._GRAD_REQ_MAP == {"null": 0, "write": 1, "add": 3}
    assert module._STORAGE_TYPE_STR_TO_ID["row_sparse"] == module._STORAGE_TYPE_ROW_SPARSE == 1
    assert module._STORAGE_TYPE_ID_TO_STR[module._STORAGE_TYPE_CSR] == "csr"
    assert module._STORAGE_TYPE_DEFAULT == 0
    assert module._STORAGE_TYPE_UNDEFINED == -1


def test_the_module_utils_has_the_functions_of_the_package():
    for name in nd.utils.__all__:
        assert getattr(nd.utils, name) is getattr(nd, name)
