"""The features of this installation, by the names of MXNet's build features.

Examples
--------
>>> from numparam import runtime
>>> runtime.Features().is_enabled("INT64_TENSOR_SIZE")
True
"""

from __future__ import annotations

from numparam._missing import show_public_names
from numparam.context import num_gpus

__all__ = ["Feature", "Features", "feature_list"]

# Most of them are about parts of MXNet's library that numparam does not have.
_NAMES = (
    "CUDA CUDNN NCCL CUDA_RTC TENSORRT CPU_SSE CPU_SSE2 CPU_SSE3 CPU_SSE4_1 CPU_SSE4_2 CPU_SSE4A "
    "CPU_AVX CPU_AVX2 OPENMP SSE F16C JEMALLOC BLAS_OPEN BLAS_ATLAS BLAS_MKL BLAS_APPLE LAPACK "
    "MKLDNN OPENCV CAFFE PROFILER DIST_KVSTORE CXX14 INT64_TENSOR_SIZE SIGNAL_HANDLER DEBUG TVM_OP"
)


class UnknownFeatureError(RuntimeError, KeyError):
    """MXNet has no feature of this name."""

    __str__ = Exception.__str__


class Feature:
    """One feature.

    Attributes
    ----------
    name : str
        MXNet's name of it.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    @property
    def enabled(self) -> bool:
        """True for ``INT64_TENSOR_SIZE``, and for ``CUDA`` if there is a usable GPU."""
        return self.name == "INT64_TENSOR_SIZE" or (self.name == "CUDA" and num_gpus() > 0)

    def __repr__(self) -> str:
        return f"{'✔' if self.enabled else '✖'} {self.name}"


class Features(dict[str, Feature]):
    """All features by name; a singleton.

    Examples
    --------
    >>> import numparam as mx
    >>> mx.runtime.Features()["TENSORRT"]
    ✖ TENSORRT
    """

    _only: Features | None = None

    def __new__(cls) -> Features:
        """Return the singleton."""
        if cls._only is None:
            made = super().__new__(cls)
            made.update((name, Feature(name)) for name in _NAMES.split())
            cls._only = made
        return cls._only

    def __init__(self) -> None:
        """Keep the contents that `__new__` has set."""

    def __repr__(self) -> str:
        return repr(list(self.values()))

    def is_enabled(self, feature_name: str) -> bool:
        """Return whether a feature is enabled.

        Parameters
        ----------
        feature_name : str
            Its name, in any case.

        Returns
        -------
        bool
            As its ``enabled`` says.

        Raises
        ------
        RuntimeError
            If there is no such name; also a KeyError.

        Examples
        --------
        >>> import numparam as mx
        >>> mx.runtime.Features().is_enabled("nccl")
        False
        """
        name = feature_name.upper()
        if name not in self:
            raise UnknownFeatureError(
                f"there is no feature {feature_name!r}; there are {', '.join(self)}"
            )
        return self[name].enabled


def feature_list() -> list[Feature]:
    """Return all features.

    Returns
    -------
    list of Feature
        In MXNet's order.

    Examples
    --------
    >>> import numparam as mx
    >>> [feature.name for feature in mx.runtime.feature_list()][:2]
    ['CUDA', 'CUDNN']
    """
    return list(Features().values())


show_public_names(__name__)
