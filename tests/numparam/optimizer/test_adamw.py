"""AdamW against the values that PyTorch's makes, which ``record_adamw.py`` has recorded."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import numparam as mx

CASES = json.loads((Path(__file__).parent / "golden/adamw_torch.json").read_text())["cases"]


@pytest.mark.parametrize(("dtype", "rtol"), [("float64", 1e-12), ("float32", 1e-5)])
@pytest.mark.parametrize("name", CASES)
def test_weights_are_those_of_pytorch(name, dtype, rtol, device):
    case = CASES[name]
    arguments = case["arguments"]
    (beta1, beta2) = arguments["betas"]
    updater = mx.optimizer.get_updater(
        mx.optimizer.create(
            "adamw",
            learning_rate=arguments["lr"],
            beta1=beta1,
            beta2=beta2,
            epsilon=arguments["eps"],
            wd=arguments["weight_decay"],
        )
    )
    weight = mx.nd.array(case["weights"][0], dtype=dtype)
    for gradient, expected in zip(case["gradients"], case["weights"][1:], strict=True):
        updater(0, mx.nd.array(gradient, dtype=dtype), weight)
        np.testing.assert_allclose(weight.asnumpy(), expected, rtol=rtol, atol=rtol / 10)
