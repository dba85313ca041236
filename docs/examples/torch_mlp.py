"""Train a PyTorch network on two contexts, each with half of every batch; numparam steps it."""

import torch

import numparam as mx
from numparam.interop import torch as nt

torch.manual_seed(0)
points = torch.rand(1024, 2) * 2 - 1
labels = ((points**2).sum(1) > 0.6).long()  # outside of a circle or inside

net = torch.nn.Sequential(torch.nn.Linear(2, 32), torch.nn.Tanh(), torch.nn.Linear(32, 2))
params = nt.parameters(net, [mx.cpu(0), mx.cpu(1)])
replicas = nt.bind(net, params)
trainer = mx.gluon.Trainer(params, "adam", {"learning_rate": 0.02})

for _epoch in range(30):
    for batch in torch.randperm(1024).split(128):
        params.zero_grad()
        for replica, half in zip(replicas, batch.chunk(2), strict=True):
            outputs = replica(points[half])
            torch.nn.functional.cross_entropy(outputs, labels[half], reduction="sum").backward()
        trainer.step(batch_size=len(batch))

net.load_state_dict(nt.state_dict(params))
accuracy = (net(points).argmax(1) == labels).float().mean().item()
print(f"accuracy {accuracy:.3f}")
