"""Weights of a transposed convolution that enlarges images by linear interpolation."""

from __future__ import annotations

import numpy as np

from numparam.initializer.errors import InitializerArgumentError

__all__ = ["bilinear_weights"]


def bilinear_weights(shape: tuple[int, ...], name: str = "") -> np.ndarray:
    """Compute the kernel of bilinear upsampling, the same for all filters and channels.

    Parameters
    ----------
    shape : tuple of int
        (filters, channels, height, width).
    name : str, optional
        The parameter's, for messages.

    Returns
    -------
    numpy.ndarray
        float32, of the shape. As in MXNet, both axes use the factor of the width.

    Raises
    ------
    InitializerArgumentError
        If there are not four dimensions: an MXNetError and a ValueError.

    Examples
    --------
    >>> from numparam.initializer.bilinear import bilinear_weights
    >>> bilinear_weights((1, 1, 1, 4))[0, 0]
    array([[0.0625, 0.1875, 0.1875, 0.0625]], dtype=float32)
    """
    if len(shape) != 4:
        raise InitializerArgumentError(
            f"bilinear weights {str(name)!r} need the four dimensions (filters, channels, height, "
            f"width), not the shape {shape}"
        )
    height, width = shape[2:]
    factor = np.ceil(width / 2.0)
    centre = (2 * factor - 1 - factor % 2) / (2.0 * factor) if width else 0.0
    with np.errstate(divide="ignore", invalid="ignore"):
        rows, columns = (1 - abs(np.arange(size) / factor - centre) for size in (height, width))
    kernel = columns * rows[:, np.newaxis]
    return np.broadcast_to(kernel.astype(np.float32), shape)
