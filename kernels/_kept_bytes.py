"""``NUMPARAM_KEPT_BYTES``: how much memory that nothing uses is kept for reuse, on each device."""

from __future__ import annotations

import os

VARIABLE = "NUMPARAM_KEPT_BYTES"


def wanted() -> int | None:
    """Return the number of bytes that the environment variable sets; None where it is not set.

    Raises
    ------
    ValueError
        If it is not a number of bytes.

    Examples
    --------
    >>> import os
    >>> from numparam.kernels import _kept_bytes
    >>> os.environ["NUMPARAM_KEPT_BYTES"] = "1000"  # doctest: +SKIP
    >>> _kept_bytes.wanted()  # doctest: +SKIP
    1000
    """
    text = os.environ.get(VARIABLE)
    if not text:
        return None
    if not text.isdecimal():
        raise ValueError(
            f"the environment variable {VARIABLE} is {text!r}; set it to a number of bytes, or "
            "unset it"
        )
    return int(text)
