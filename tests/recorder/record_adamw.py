"""Record the weights that PyTorch's AdamW makes; run it with a Python that has PyTorch.

It writes ``tests/numparam/optimizer/golden/adamw_torch.json``, with which the tests compare
numparam's ``adamw``.
"""

from __future__ import annotations

import json
from pathlib import Path

import torch

TARGET = Path(__file__).parents[1] / "numparam/optimizer/golden/adamw_torch.json"
STEPS = 8
CASES = {
    "defaults": {"lr": 1e-3, "betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0.01},
    "strong decay": {"lr": 0.1, "betas": (0.8, 0.95), "eps": 1e-6, "weight_decay": 0.3},
    "no decay": {"lr": 0.05, "betas": (0.9, 0.99), "eps": 1e-8, "weight_decay": 0.0},
}


def recorded(arguments: dict) -> dict:
    """Return the arguments, the gradients, and the weights before and after each step."""
    numbers = torch.Generator().manual_seed(0)
    weight = torch.randn(3, 2, dtype=torch.float64, generator=numbers).requires_grad_()
    optimizer = torch.optim.AdamW([weight], **arguments)
    gradients, weights = [], [weight.tolist()]
    for _ in range(STEPS):
        weight.grad = torch.randn(3, 2, dtype=torch.float64, generator=numbers)
        gradients.append(weight.grad.tolist())
        optimizer.step()
        weights.append(weight.tolist())
    return {"arguments": arguments, "gradients": gradients, "weights": weights}


if __name__ == "__main__":
    cases = {name: recorded(arguments) for name, arguments in CASES.items()}
    contents = {"made by": f"PyTorch {torch.__version__}", "cases": cases}
    TARGET.write_text(json.dumps(contents, indent=1) + "\n")
