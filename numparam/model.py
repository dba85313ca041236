"""Checkpoints of MXNet's Module interface: a graph, its arguments and auxiliary states.

Such a checkpoint is two files: ``PREFIX-symbol.json``, the graph, and ``PREFIX-EPOCH.params``, the
arrays, whose names begin with ``arg:`` or ``aux:``. numparam has no graphs: the graph is carried
along as the text that it is.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from typing import Any

from numparam._missing import show_public_names
from numparam.base import MXNetError
from numparam.context import cpu
from numparam.formats.atomic import write_file
from numparam.formats.quoting import quoted, shown_path
from numparam.formats.sources import read_file
from numparam.ndarray import files
from numparam.ndarray.ndarray import NDArray

__all__ = ["load_checkpoint", "load_params", "save_checkpoint"]


class CheckpointNameError(MXNetError, ValueError):
    """An array of a checkpoint is neither an argument nor an auxiliary state."""


class CheckpointTextError(MXNetError, ValueError):
    """The file of a checkpoint's graph is not text."""


def save_checkpoint(
    prefix: str | os.PathLike[str],
    epoch: int,
    symbol: Any,
    arg_params: Mapping[str, Any],
    aux_params: Mapping[str, Any] | None,
    remove_amp_cast: bool = True,
) -> None:
    """Save a graph and its arrays as ``PREFIX-symbol.json`` and ``PREFIX-EPOCH.params``.

    Parameters
    ----------
    prefix : str or os.PathLike
        How the names of both files begin, with their folder.
    epoch : int
        The number in the name of the arrays' file, written with four digits.
    symbol : str, Symbol or None
        The graph: its JSON text, as `load_checkpoint` returns it, or an object whose ``save``
        writes it. None writes no such file.
    arg_params, aux_params : mapping of str to array
        The arguments and the auxiliary states, such as running means, by name. Of any context; the
        file says ``cpu(0)``, as MXNet's does. `aux_params` may be None.
    remove_amp_cast : bool, default True
        Has no effect on text and on variables.

    Raises
    ------
    MXNetError
        If a file cannot be written (also an OSError), or an array cannot be saved.
    TypeError
        If an argument is of another type.

    See Also
    --------
    numparam.gluon.ParameterDict.save : without ``arg:`` and ``aux:``

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import numparam as mx
    >>> prefix = pathlib.Path(tempfile.mkdtemp(), "net")
    >>> weights, states = {"fc_weight": mx.nd.ones((2, 3))}, {"bn_moving_mean": mx.nd.zeros((3,))}
    >>> mx.model.save_checkpoint(prefix, 7, '{"nodes": []}', weights, states)
    >>> sorted(path.name for path in prefix.parent.iterdir())
    ['net-0007.params', 'net-symbol.json']
    >>> symbol, arg_params, aux_params = mx.model.load_checkpoint(prefix, 7)
    >>> symbol, list(arg_params), list(aux_params)
    ('{"nodes": []}', ['fc_weight'], ['bn_moving_mean'])
    """
    arrays = {}
    for kind, members in (("arg", arg_params), ("aux", {} if aux_params is None else aux_params)):
        if not hasattr(members, "items"):
            raise TypeError(
                f"{kind}_params must map names to arrays, not be of type {type(members).__name__}"
            )
        for name, array in members.items():
            if not isinstance(name, str):
                raise TypeError(
                    f"the names of arrays are str; {name!r:.100} is of type {type(name).__name__}"
                )
            arrays[f"{kind}:{name}"] = (
                array.as_in_context(cpu()) if isinstance(array, NDArray) else array
            )
    arrays_file = _arrays_file(prefix, epoch)
    symbol_file = f"{os.fspath(prefix)}-symbol.json"
    if isinstance(symbol, str):
        contents = symbol.encode()
        write_file(symbol_file, lambda file, regular: file.write_pieces([contents]))
    elif symbol is not None:
        if not callable(getattr(symbol, "save", None)):
            raise TypeError(
                "symbol must be the JSON text of a graph, an object with save(), or None; got "
                f"{type(symbol).__name__}"
            )
        symbol.save(symbol_file)
    files.save(arrays_file, arrays)
    logging.info('Saved checkpoint to "%s"', arrays_file)


def load_params(
    prefix: str | os.PathLike[str],
    epoch: int,
    *,
    encoding: str = "utf-8",
    errors: str = "strict",
) -> tuple[dict[str, NDArray], dict[str, NDArray]]:
    """Load the arrays of a checkpoint from ``PREFIX-EPOCH.params``.

    Parameters
    ----------
    prefix : str or os.PathLike
        How the file's name begins, with its folder.
    epoch : int
        The number in its name.
    encoding, errors : str
        What the names in it are encoded in, as for `numparam.nd.load`.

    Returns
    -------
    arg_params, aux_params : dict of str to NDArray
        The arguments and the auxiliary states, without ``arg:`` and ``aux:``, on ``cpu(0)``. To
        load both into parameters pass the file to `numparam.gluon.ParameterDict.load`.

    Raises
    ------
    MXNetError
        If the file is missing (also a FileNotFoundError) or damaged, or if a name in it begins with
        neither (also a ValueError).

    Notes
    -----
    Files are read whether they were saved with NumPy shapes on or off.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import numparam as mx
    >>> prefix = pathlib.Path(tempfile.mkdtemp(), "net")
    >>> mx.model.save_checkpoint(prefix, 0, None, {"w": mx.nd.ones((2,))}, {})
    >>> arg_params, aux_params = mx.model.load_params(prefix, 0)
    >>> arg_params["w"].shape, aux_params
    ((2,), {})
    """
    path = _arrays_file(prefix, epoch)
    names, arrays = files.read_arrays(path, strict=False, encoding=encoding, errors=errors)
    if not arrays:
        logging.warning("Params file '%s' is empty", path)
    found: dict[str, dict[str, NDArray]] = {"arg": {}, "aux": {}}
    if names is None and arrays:
        raise CheckpointNameError(
            f"{path} holds a list of {len(arrays)} arrays without names. Read it with nd.load"
        )
    for name, array in zip(names or (), arrays, strict=True):
        kind, separator, rest = name.partition(":")
        if not separator or kind not in found:
            raise CheckpointNameError(
                f"{path}: expected names that begin with 'arg:' or 'aux:', found {quoted(name)}. "
                "The file is not a checkpoint of a Module: read it with nd.load, or into "
                "parameters with ParameterDict.load"
            )
        found[kind][rest] = array
    return found["arg"], found["aux"]


def load_checkpoint(
    prefix: str | os.PathLike[str],
    epoch: int,
    *,
    encoding: str = "utf-8",
    errors: str = "strict",
) -> tuple[str, dict[str, NDArray], dict[str, NDArray]]:
    """Load a graph's text and its arrays from ``PREFIX-symbol.json`` and ``PREFIX-EPOCH.params``.

    Parameters
    ----------
    prefix : str or os.PathLike
        How the names of both files begin, with their folder.
    epoch : int
        The number in the name of the arrays' file.
    encoding, errors : str
        As for `load_params`.

    Returns
    -------
    symbol : str
        The graph's JSON text; MXNet returns a Symbol. `save_checkpoint` writes it as it is.
    arg_params, aux_params : dict of str to NDArray
        As from `load_params`.

    Raises
    ------
    MXNetError
        As for `load_params`, for either file.

    Examples
    --------
    >>> import numparam as mx
    >>> import pathlib, tempfile
    >>> prefix = pathlib.Path(tempfile.mkdtemp(), "net")
    >>> mx.model.save_checkpoint(prefix, 3, mx.sym.var("data"), {"w": mx.nd.ones((2,))}, {})
    >>> symbol, arguments, auxiliary = mx.model.load_checkpoint(prefix, 3)
    >>> arguments["w"].asnumpy()
    array([1., 1.], dtype=float32)
    """
    path = f"{os.fspath(prefix)}-symbol.json"
    contents = read_file(path, "a graph's JSON file")
    try:
        symbol = contents.decode()
    except UnicodeDecodeError as error:
        raise CheckpointTextError(
            f"{shown_path(path)}: a graph's JSON is UTF-8 text; byte {error.start} is not"
        ) from error
    return symbol, *load_params(prefix, epoch, encoding=encoding, errors=errors)


def _arrays_file(prefix: str | os.PathLike[str], epoch: int) -> str:
    return f"{os.fspath(prefix)}-{epoch:04d}.params"


show_public_names(__name__)
