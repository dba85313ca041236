"""Creation of symbols: variables, groups, and both from JSON."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from numparam.attribute import AttrScope
from numparam.formats.quoting import shown, shown_path
from numparam.formats.sources import read_file
from numparam.symbol import json_format
from numparam.symbol.attributes import write_shape
from numparam.symbol.symbol import Symbol, _Variable
from numparam.types.dtypes import dtype_flag
from numparam.types.storage_types import storage_type_id

__all__ = ["Group", "Variable", "load", "load_json", "var"]


def var(
    name: str,
    attr: Mapping[str, str] | None = None,
    shape: tuple[int, ...] | None = None,
    lr_mult: float | None = None,
    wd_mult: float | None = None,
    dtype: Any = None,
    init: Any = None,
    stype: str | None = None,
    **kwargs: Any,
) -> Symbol:
    """Make a variable.

    Parameters
    ----------
    name : str
        Its name. The current :class:`~numparam.name.NameManager` does not change it.
    attr : mapping of str to str, optional
        Attributes, besides those of the current :class:`~numparam.attribute.AttrScope`. It is not
        modified.
    shape : tuple of int, optional
        Attribute ``__shape__``.
    lr_mult, wd_mult : float, optional
        Attributes ``__lr_mult__`` and ``__wd_mult__``.
    dtype : str, type or numpy.dtype, optional
        Attribute ``__dtype__``, as a number from 0 to 12.
    init : Initializer or str, optional
        Attribute ``__init__``: the string, or what ``init.dumps()`` returns.
    stype : str, optional
        Attribute ``__storage_type__``: 0 for ``'default'``, 1 ``'row_sparse'``, 2 ``'csr'``.
    **kwargs : object
        Further attributes, whose names begin and end with two underscores; ``str`` of the value.

    Returns
    -------
    Symbol
        The variable.

    Raises
    ------
    TypeError
        If the name is not a string, or the shape not made of integers.
    ValueError
        For an attribute that is not a string or a keyword without underscores; for a dtype or
        storage type that does not exist (also a KeyError).
    AttributeError
        If ``init`` is neither a string nor has ``dumps``.

    Notes
    -----
    MXNet 1.9.1 writes into the dictionary that is given as ``attr``; here it stays as it is.

    Examples
    --------
    >>> import numparam as mx
    >>> mx.sym.var("weight", shape=(2, 3), dtype="float16").list_attr()
    {'__shape__': '(2, 3)', '__dtype__': '2'}
    """
    if not isinstance(name, str):
        raise TypeError(
            f"A variable's name must be a string; got {name!r} of type {type(name).__name__}."
        )
    _check_writable("name", name)
    attributes = AttrScope._current.value.get(None if attr is None else dict(attr))
    if shape is not None:
        attributes["__shape__"] = write_shape(shape)
    if lr_mult is not None:
        attributes["__lr_mult__"] = str(lr_mult)
    if wd_mult is not None:
        attributes["__wd_mult__"] = str(wd_mult)
    if dtype is not None:
        attributes["__dtype__"] = str(dtype_flag(dtype))
    if init is not None:
        attributes["__init__"] = _write_init(name, init)
    if stype is not None:
        attributes["__storage_type__"] = str(storage_type_id(stype))
    for key, value in kwargs.items():
        if not (key.startswith("__") and key.endswith("__")):
            raise ValueError(
                f"Unknown argument {key!r:.200} of variable {name!r:.200}. Further attributes "
                f"begin and end with two underscores: {shown('__' + key.strip('_') + '__')}."
            )
        attributes[key] = str(value)
    variable = Symbol((_Variable(name, {}),))
    for key, value in attributes.items():
        _check_writable(f"attribute {key!r:.200} of variable {name!r:.200}", value)
    variable._set_attr(**attributes)
    return variable


Variable = var


def Group(symbols: Iterable[Symbol], create_fn: Callable[..., Symbol] = Symbol) -> Symbol:
    """Group symbols.

    Parameters
    ----------
    symbols : iterable of Symbol
        At least one. The group shares their variables.
    create_fn : type, default Symbol
        The class of the group.

    Returns
    -------
    Symbol
        The group, whose outputs are those of the symbols in order.

    Raises
    ------
    TypeError
        If there is none, or something else among them.

    Examples
    --------
    >>> import numparam as mx
    >>> mx.sym.Group([mx.sym.var("data"), mx.sym.var("label")]).list_outputs()
    ['data', 'label']
    """
    members = [] if isinstance(symbols, Symbol) else list(symbols)
    if not members or not all(isinstance(member, Symbol) for member in members):
        raise TypeError(f"A group is made of a list of symbols; got {symbols!r}.")
    return create_fn(tuple(variable for member in members for variable in member._variables))


def load(fname: str | os.PathLike[Any]) -> Symbol:
    """Read a symbol from a JSON file.

    Parameters
    ----------
    fname : str or os.PathLike
        The file.

    Returns
    -------
    Symbol
        The symbol.

    Raises
    ------
    TypeError
        If ``fname`` is not a path.
    MXNetError
        If the file cannot be read (also an OSError), or is not the JSON of variables (also a
        ValueError).

    Examples
    --------
    >>> import numparam as mx
    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp(), "net-symbol.json")
    >>> mx.sym.var("data").save(path)
    >>> mx.sym.load(path).name
    'data'
    """
    if not isinstance(fname, (str, os.PathLike)):
        raise TypeError(f"fname must be a path; got {fname!r} of type {type(fname).__name__}.")
    contents = read_file(fname, "a symbol's JSON file")
    try:
        return load_json(contents.decode())
    except UnicodeDecodeError as error:
        raise json_format.SymbolJSONError(
            f"{shown_path(fname)}: a symbol's JSON is UTF-8 text; byte {error.start} is not."
        ) from error


def load_json(json_str: str) -> Symbol:
    """Read a symbol from JSON text.

    Parameters
    ----------
    json_str : str
        What :meth:`Symbol.tojson` returned, here or in MXNet.

    Returns
    -------
    Symbol
        The symbol.

    Raises
    ------
    TypeError
        If it is not a string.
    SymbolJSONError
        If it is not the JSON of variables: also an MXNetError and a ValueError.

    Examples
    --------
    >>> import numparam as mx
    >>> mx.sym.load_json(mx.sym.var("weight").tojson())
    <Symbol weight>
    """
    if not isinstance(json_str, str):
        raise TypeError(
            f"json_str must be a string; got {json_str!r} of type {type(json_str).__name__}."
        )
    nodes, heads = json_format.loads(json_str)
    variables = [_Variable(name, attributes) for name, attributes in nodes]
    return Symbol(tuple(variables[head] for head in heads))


def _write_init(name: str, init: Any) -> str:
    if isinstance(init, str):
        return init
    if not hasattr(init, "dumps"):
        raise AttributeError(
            f"The initializer of variable {name!r} must be a string or have a method dumps(); "
            f"got {init!r} of type {type(init).__name__}."
        )
    return str(init.dumps())


def _check_writable(what: str, text: str) -> None:
    if isinstance(text, str) and ("\0" in text or any("\ud800" <= c <= "\udfff" for c in text)):
        raise ValueError(
            f"The {what} is {text!r:.200}, which no file can hold: it has a null character or half "
            "of a surrogate pair."
        )
