"""The description of a parameter that initializers receive."""

from __future__ import annotations

from typing import Any

__all__ = ["InitDesc"]


class InitDesc(str):
    """A parameter's name, with attributes of the parameter.

    Parameters
    ----------
    name : str
        The parameter's name.
    attrs : dict of str, optional
        Its attributes. ``'__init__'``, an initializer, its name or its JSON text, counts more than
        the initializer that is called.
    global_init : Initializer, optional
        The initializer for parameters that say nothing; the one that is called if not given.

    Examples
    --------
    >>> import numparam as mx
    >>> desc = mx.init.InitDesc("fc1_bias", {"__init__": "ones"})
    >>> bias = mx.nd.zeros((2,))
    >>> mx.init.Xavier()(desc, bias)
    >>> bias.asnumpy()
    array([1., 1.], dtype=float32)
    """

    attrs: dict[str, Any]
    global_init: Any

    def __new__(
        cls, name: str, attrs: dict[str, Any] | None = None, global_init: Any = None
    ) -> InitDesc:
        """Make a string with attributes."""
        desc = super().__new__(cls, name)
        desc.attrs = attrs or {}
        desc.global_init = global_init
        return desc
