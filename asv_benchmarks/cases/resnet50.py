"""The shapes of ResNet-50, a widely used network."""

from __future__ import annotations


def resnet50_shapes() -> list[tuple[int, ...]]:
    """Return the shapes of the 299 parameters of Gluon's ``resnet50_v1``."""
    shapes: list[tuple[int, ...]] = []

    def convolution(outputs: int, inputs: int, kernel: int, bias: bool = False) -> None:
        shapes.append((outputs, inputs, kernel, kernel))
        shapes.extend([(outputs,)] * (5 if bias else 4))  # and the four of its batch normalization

    convolution(64, 3, 7)
    inputs = 64
    for stage, blocks in enumerate((3, 4, 6, 3)):
        outputs = 256 << stage
        for block in range(blocks):
            convolution(outputs // 4, inputs, 1, bias=True)
            convolution(outputs // 4, outputs // 4, 3)
            convolution(outputs, outputs // 4, 1, bias=True)
            if block == 0:
                convolution(outputs, inputs, 1)
            inputs = outputs
    return [*shapes, (1000, 2048), (1000,)]
