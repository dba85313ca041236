"""Device types: their names and their numbers in ``.params`` files."""

from __future__ import annotations

from numparam.base import MXNetError

__all__ = [
    "HOST_TYPES",
    "NAME_BY_TYPEID",
    "TYPEID_BY_NAME",
    "UnknownDeviceTypeError",
    "register_device_type",
]

#: Device type numbers to names. 1 to 5 are MXNet's.
NAME_BY_TYPEID: dict[int, str] = {1: "cpu", 2: "gpu", 3: "cpu_pinned", 5: "cpu_shared"}

#: Device types whose arrays share one memory.
HOST_TYPES = frozenset({"cpu", "cpu_pinned", "cpu_shared"})

#: The inverse of :data:`NAME_BY_TYPEID`.
TYPEID_BY_NAME: dict[str, int] = {name: typeid for typeid, name in NAME_BY_TYPEID.items()}


class UnknownDeviceTypeError(MXNetError, KeyError):
    """No device type has this name. Also a KeyError, as in MXNet."""

    # KeyError shows the repr of its argument, in quotes.
    __str__ = Exception.__str__


def register_device_type(name: str, typeid: int | None = None) -> int:
    """Register a device type, so that :class:`~numparam.context.Context` accepts its name.

    Parameters
    ----------
    name : str
        The device type, an identifier such as ``'cpu'``.
    typeid : int, optional
        Its number, at least 16; the next free one if not given. The numbers below are MXNet's.

    Returns
    -------
    int
        The number. Registering the same pair again changes nothing.

    Raises
    ------
    ValueError
        If the name or the number is taken, or not usable.

    Examples
    --------
    >>> register_device_type("gpu"), register_device_type("cpu", 1)
    (2, 1)
    """
    if not (isinstance(name, str) and name.isidentifier()):
        raise ValueError(f"A device type's name must be an identifier such as 'cpu'; got {name!r}.")
    # Without a lock, for which a signal handler's thread could wait for ever: each step is one of
    # the interpreter's, and what is registered is never changed.
    while True:
        known = TYPEID_BY_NAME.get(name)
        if known is not None and typeid in (None, known):
            return known
        if known is not None:
            raise ValueError(f"The device type {name!r} has number {known}, not {typeid}.")
        numbers = NAME_BY_TYPEID.copy()
        # Another call for the name may have been interrupted, or be as far, in another thread.
        begun = next((number for number, other in numbers.items() if other == name), None)
        if begun is not None:
            TYPEID_BY_NAME.setdefault(name, begun)
            continue
        wanted = max(15, *numbers) + 1 if typeid is None else typeid
        if wanted < 16 or wanted in numbers:
            raise ValueError(
                f"The number {typeid} for device type {name!r} is taken or below 16. "
                f"Taken: {numbers}."
            )
        if (
            NAME_BY_TYPEID.setdefault(wanted, name) == name
            and TYPEID_BY_NAME.setdefault(name, wanted) != wanted
        ):
            NAME_BY_TYPEID.pop(wanted)  # another thread has given the name another number
