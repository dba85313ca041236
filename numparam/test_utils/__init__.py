"""Helpers for tests of array and parameter code: the part of ``mxnet.test_utils`` about arrays.

Made for suites that were written against MXNet and now run on numparam. Comparisons raise
AssertionError and take arrays of either library and of NumPy; generators draw from NumPy's global
random state, so that ``numpy.random.seed`` reproduces them. ``import *`` also gives the modules and
names, such as ``os``, that MXNet's own test_utils imports, since suites count on it.

Examples
--------
>>> import numparam as mx
>>> from numparam.test_utils import assert_almost_equal
>>> assert_almost_equal(mx.nd.ones((2, 2)) / 3, [[1 / 3, 1 / 3], [1 / 3, 1 / 3]])
"""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from collections import OrderedDict
from contextlib import contextmanager

import numpy as np
import numpy.random as rnd
import numpy.testing as npt

import numparam as mx
from numparam._missing import show_public_names
from numparam.context import Context, current_context
from numparam.modes.np_decorators import use_np
from numparam.ndarray import array
from numparam.runtime import Features
from numparam.symbol import Symbol
from numparam.test_utils.arrays import rand_ndarray
from numparam.test_utils.comparison import (
    almost_equal,
    almost_equal_ignore_nan,
    assert_allclose,
    assert_almost_equal,
    assert_almost_equal_ignore_nan,
    assert_almost_equal_with_err,
    assert_exception,
    compare_ndarray_tuple,
    same,
    same_array,
)
from numparam.test_utils.dense_data import (
    assign_each,
    assign_each2,
    collapse_sum_like,
    create_2d_tensor,
    create_vector,
    np_reduce,
    rand_coord_2d,
    rand_shape_2d,
    rand_shape_3d,
    rand_shape_nd,
    random_arrays,
    random_sample,
    random_uniform_arrays,
)
from numparam.test_utils.distributions import (
    chi_square_check,
    gen_buckets_probs_with_ppf,
    mean_check,
    var_check,
    verify_generator,
)
from numparam.test_utils.optimizer_comparison import compare_optimizer
from numparam.test_utils.repetition import retry
from numparam.test_utils.settings import (
    default_context,
    default_dtype,
    discard_stderr,
    environment,
    has_tvm_ops,
    is_aarch64_run,
    is_cd_run,
    is_op_runnable,
    list_gpus,
    set_default_context,
)
from numparam.test_utils.sparse_data import (
    create_sparse_array,
    create_sparse_array_zd,
    rand_sparse_ndarray,
    shuffle_csr_column_indices,
)
from numparam.test_utils.tolerances import (
    default_atols,
    default_numeric_eps,
    default_rtols,
    effective_dtype,
    get_atol,
    get_etol,
    get_rtol,
    get_tolerance,
    get_tols,
)
from numparam.util import getenv, setenv

__all__ = [
    "Context",
    "Features",
    "OrderedDict",
    "Symbol",
    "almost_equal",
    "almost_equal_ignore_nan",
    "array",
    "assert_allclose",
    "assert_almost_equal",
    "assert_almost_equal_ignore_nan",
    "assert_almost_equal_with_err",
    "assert_exception",
    "assign_each",
    "assign_each2",
    "chi_square_check",
    "collapse_sum_like",
    "compare_ndarray_tuple",
    "compare_optimizer",
    "contextmanager",
    "create_2d_tensor",
    "create_sparse_array",
    "create_sparse_array_zd",
    "create_vector",
    "current_context",
    "default_atols",
    "default_context",
    "default_dtype",
    "default_numeric_eps",
    "default_rtols",
    "discard_stderr",
    "effective_dtype",
    "environment",
    "gen_buckets_probs_with_ppf",
    "get_atol",
    "get_etol",
    "get_rtol",
    "get_tolerance",
    "get_tols",
    "getenv",
    "has_tvm_ops",
    "is_aarch64_run",
    "is_cd_run",
    "is_op_runnable",
    "json",
    "list_gpus",
    "logging",
    "mean_check",
    "mx",
    "np",
    "np_reduce",
    "npt",
    "os",
    "rand_coord_2d",
    "rand_ndarray",
    "rand_shape_2d",
    "rand_shape_3d",
    "rand_shape_nd",
    "rand_sparse_ndarray",
    "random_arrays",
    "random_sample",
    "random_uniform_arrays",
    "retry",
    "rnd",
    "same",
    "same_array",
    "set_default_context",
    "setenv",
    "shuffle_csr_column_indices",
    "sys",
    "time",
    "use_np",
    "var_check",
    "verify_generator",
]


show_public_names(__name__)
