"""The kernels of numparam, on plain arrays.

Three backends hold the same kernels under the same names and signatures:

``numparam.kernels.reference``
    What each kernel computes, in a few lines of NumPy. Slow and obvious.
``numparam.kernels.cpu``
    Numba kernels for the host, on all cores.
``numparam.kernels.cuda``
    Numba kernels for CUDA GPUs.

Nothing here knows of parameters or contexts. `KERNELS` is the table of what exists.

Examples
--------
>>> import numpy as np
>>> from numparam.kernels.cpu import average
>>> average.mean([np.float32([1, 2]), np.float32([3, 6])])
array([2., 4.], dtype=float32)
"""

if __name__ != "numparam.kernels":
    # Under a second name the same files would write a second set of entries into Numba's cache,
    # and each set would be served for the other.
    raise ImportError(
        f"numparam's kernels were imported as {__name__!r}; import them as 'numparam.kernels'"
    )

from numparam.kernels._kernel_table import KERNELS, Kernel
from numparam.kernels._threads import num_threads, set_num_threads
from numparam.kernels._warmup import warmup

__all__ = ["KERNELS", "Kernel", "num_threads", "set_num_threads", "warmup"]


def __dir__() -> list[str]:
    return __all__
