"""The class of symbols: one variable, or a group of them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any, TypeVar

from numparam._missing import show_public_names
from numparam.base import MXNetError
from numparam.formats.atomic import write_file
from numparam.symbol import inference, json_format
from numparam.symbol.attributes import HIDDEN_KEYS, canonical_key, with_short_names
from numparam.symbol.without_graph import SymbolWithoutGraph

__all__ = ["Symbol"]

SymbolType = TypeVar("SymbolType", bound="Symbol")


class _Variable:
    """A name with attributes, which symbols share."""

    __slots__ = ("attributes", "name")

    def __init__(self, name: str, attributes: dict[str, str]) -> None:
        self.name = name
        self.attributes = attributes


class Symbol(SymbolWithoutGraph):
    """A symbolic variable, or a group of them.

    Made by :func:`~numparam.symbol.var`, :func:`~numparam.symbol.Group`,
    :func:`~numparam.symbol.load_json` and ``Parameter.var()``; the constructor is not for users.

    Notes
    -----
    A variable's name, attributes and JSON are those of MXNet 1.9.1. Operators raise
    :class:`~numparam.symbol.NoGraphCompilerError`; methods that need values raise
    :class:`~numparam.base.NotImplementedForSymbol`, and so does ``bool``. As in MXNet, symbols
    are not hashable.

    Examples
    --------
    >>> from numparam.symbol import var
    >>> weight = var("weight", shape=(2, 3), lr_mult=2)
    >>> weight, weight.attr("lr_mult"), weight.infer_shape()
    (<Symbol weight>, '2', ([(2, 3)], [(2, 3)], []))
    """

    __slots__ = ("_variables",)

    _variables: tuple[_Variable, ...]

    def __init__(self, variables: tuple[_Variable, ...]) -> None:
        self._variables = variables

    @property
    def name(self) -> str | None:
        """The variable's name; None for a group of several."""
        return self._variables[0].name if len(self._variables) == 1 else None

    def attr(self, key: str) -> str | None:
        """Return an attribute.

        Parameters
        ----------
        key : str
            Its name; ``lr_mult`` also finds ``__lr_mult__``.

        Returns
        -------
        str or None
            None if there is no such attribute, and for a group.

        Examples
        --------
        >>> import numparam as mx
        >>> data = mx.sym.var("data", shape=(2, 3), lr_mult=2)
        >>> data.attr("lr_mult")
        '2'
        """
        if len(self._variables) != 1:
            return None
        attributes = self._variables[0].attributes
        return attributes.get(f"__{key}__" if key in HIDDEN_KEYS else key)

    def list_attr(self, recursive: bool = False) -> dict[str, str]:
        """Return the variable's attributes.

        Parameters
        ----------
        recursive : bool, default False
            No longer possible; use :meth:`attr_dict`.

        Returns
        -------
        dict of str to str
            The five attributes that have a short name, such as ``lr_mult`` for ``__lr_mult__``,
            come under both. Empty for a group.

        Raises
        ------
        DeprecationWarning
            If ``recursive`` is true, as in MXNet.

        Examples
        --------
        >>> import numparam as mx
        >>> data = mx.sym.var("data", shape=(2, 3), lr_mult=2)
        >>> sorted(data.list_attr())
        ['__lr_mult__', '__shape__', 'lr_mult']
        """
        if recursive:
            raise DeprecationWarning("list_attr(recursive=True) is gone; use attr_dict().")
        if len(self._variables) != 1:
            return {}
        return with_short_names(self._variables[0].attributes)

    def attr_dict(self) -> dict[str, dict[str, str]]:
        """Return the attributes of all variables that have any.

        Returns
        -------
        dict of str to dict
            Variable names to attributes, these as in :meth:`list_attr`.

        Examples
        --------
        >>> import numparam as mx
        >>> data = mx.sym.var("data", shape=(2, 3), lr_mult=2)
        >>> sorted(data.attr_dict()["data"])
        ['__lr_mult__', '__shape__', 'lr_mult']
        """
        found: dict[str, dict[str, str]] = {}
        for variable in self._arguments():
            if variable.attributes:
                found.setdefault(variable.name, {}).update(with_short_names(variable.attributes))
        return found

    def _set_attr(self, **kwargs: str) -> None:
        """Set attributes of the variable; if one is not allowed, set none."""
        if len(self._variables) != 1:
            raise MXNetError(f"Attributes are set on one variable at a time, not on {self}.")
        attributes = {}
        for key, value in kwargs.items():
            if not isinstance(value, str):
                raise ValueError(
                    f"Attributes are strings; got {key!r:.200}={value!r:.200} of type "
                    f"{type(value).__name__} for variable {self.name!r:.200}."
                )
            attributes[canonical_key(key)] = value
        self._variables[0].attributes.update(attributes)

    def _arguments(self) -> list[_Variable]:
        """Return the distinct variables, in order."""
        return list({id(variable): variable for variable in self._variables}.values())

    def list_arguments(self) -> list[str]:
        """Return the names of the distinct variables.

        Returns
        -------
        list of str
            The names.

        Examples
        --------
        >>> import numparam as mx
        >>> both = mx.sym.Group([mx.sym.var("a", shape=(2,)), mx.sym.var("b", shape=(3,))])
        >>> both.list_arguments()
        ['a', 'b']
        """
        return [variable.name for variable in self._arguments()]

    def list_inputs(self) -> list[str]:
        """Return the names of the variables, as :meth:`list_arguments` does.

        Examples
        --------
        >>> import numparam as mx
        >>> both = mx.sym.Group([mx.sym.var("a", shape=(2,)), mx.sym.var("b", shape=(3,))])
        >>> both.list_inputs()
        ['a', 'b']
        """
        return self.list_arguments()

    def list_outputs(self) -> list[str]:
        """Return the names of the outputs, which are the variables themselves.

        Returns
        -------
        list of str
            The names.

        Examples
        --------
        >>> import numparam as mx
        >>> both = mx.sym.Group([mx.sym.var("a", shape=(2,)), mx.sym.var("b", shape=(3,))])
        >>> both.list_outputs()
        ['a', 'b']
        """
        return [variable.name for variable in self._variables]

    def list_auxiliary_states(self) -> list[str]:
        """Return an empty list: only operators have auxiliary states.

        Returns
        -------
        list of str
            Empty.

        Examples
        --------
        >>> import numparam as mx
        >>> both = mx.sym.Group([mx.sym.var("a", shape=(2,)), mx.sym.var("b", shape=(3,))])
        >>> both.list_auxiliary_states()
        []
        """
        return []

    def get_internals(self) -> Symbol:
        """Return a group of all variables.

        Returns
        -------
        Symbol
            The group, each variable once.

        Examples
        --------
        >>> import numparam as mx
        >>> both = mx.sym.Group([mx.sym.var("a", shape=(2,)), mx.sym.var("b", shape=(3,))])
        >>> both.get_internals().list_outputs()
        ['a', 'b']
        """
        return Symbol(tuple(self._arguments()))

    def get_children(self) -> None:
        """Return None: variables have no inputs.

        Examples
        --------
        >>> import numparam as mx
        >>> both = mx.sym.Group([mx.sym.var("a", shape=(2,)), mx.sym.var("b", shape=(3,))])
        >>> both.get_children()
        """

    def infer_shape(self, *args: Any, **kwargs: Any) -> tuple[Any, Any, Any]:
        """Infer all shapes from given ones and from ``__shape__`` attributes.

        Parameters
        ----------
        *args : tuple of int or None
            Shapes by position.
        **kwargs : tuple of int
            Shapes by name. A completely known one wins over the attribute.

        Returns
        -------
        argument_shapes, output_shapes, auxiliary_shapes : list of tuple, or None
            All None, with a UserWarning, if one is not completely known.

        Raises
        ------
        MXNetError
            For the name of no argument, too many shapes, or an unreadable attribute.
        ValueError
            If shapes come both by position and by name.
        TypeError
            If a shape is not a tuple.

        Examples
        --------
        >>> import numparam as mx
        >>> data = mx.sym.var("data", shape=(2, 3), lr_mult=2)
        >>> data.infer_shape()
        ([(2, 3)], [(2, 3)], [])
        """
        return inference.infer_shape(self._described(), args, kwargs, partial=False)

    def infer_shape_partial(self, *args: Any, **kwargs: Any) -> tuple[Any, Any, Any]:
        """Infer the shapes that are known; otherwise like :meth:`infer_shape`.

        Parameters
        ----------
        *args, **kwargs : tuple of int
            As for :meth:`infer_shape`.

        Returns
        -------
        argument_shapes, output_shapes, auxiliary_shapes : list of tuple
            An unknown shape is ``()``, and None when NumPy shapes are on.

        Examples
        --------
        >>> import numparam as mx
        >>> data = mx.sym.var("data", shape=(2, 3), lr_mult=2)
        >>> data.infer_shape_partial()
        ([(2, 3)], [(2, 3)], [])
        """
        return inference.infer_shape(self._described(), args, kwargs, partial=True)

    def infer_type(self, *args: Any, **kwargs: Any) -> tuple[Any, Any, Any]:
        """Infer all dtypes from given ones and from ``__dtype__`` attributes.

        Parameters
        ----------
        *args, **kwargs : dtype
            Dtypes by position or by name; they win over the attribute.

        Returns
        -------
        argument_types, output_types, auxiliary_types : list of type, or None
            NumPy's scalar types. All None, with a UserWarning, if one is unknown.

        Raises
        ------
        MXNetError
            For the name of no argument, too many dtypes, or an unreadable attribute.
        ValueError
            If dtypes come both by position and by name.
        TypeError
            For a dtype that arrays cannot have.

        Examples
        --------
        >>> import numparam as mx
        >>> data = mx.sym.var("data", shape=(2, 3), lr_mult=2)
        >>> data.infer_type(data="float16")
        ([<class 'numpy.float16'>], [<class 'numpy.float16'>], [])
        """
        return inference.infer_type(self._described(), args, kwargs, partial=False)

    def infer_type_partial(self, *args: Any, **kwargs: Any) -> tuple[Any, Any, Any]:
        """Infer the dtypes that are known, with None for others; see :meth:`infer_type`.

        Parameters
        ----------
        *args, **kwargs
            As for `infer_type`.

        Returns
        -------
        argument_types, output_types, auxiliary_types : list of type or None
            NumPy's scalar types.

        Examples
        --------
        >>> import numparam as mx
        >>> data = mx.sym.var("data", shape=(2, 3), lr_mult=2)
        >>> data.infer_type_partial()
        ([None], [None], [])
        """
        return inference.infer_type(self._described(), args, kwargs, partial=True)

    def _described(self) -> inference.Variables:
        arguments = self._arguments()
        position = {id(variable): index for index, variable in enumerate(arguments)}
        return inference.Variables(
            [variable.name for variable in arguments],
            [variable.attributes for variable in arguments],
            [position[id(variable)] for variable in self._variables],
        )

    def tojson(self, remove_amp_cast: bool = True) -> str:
        """Return the symbol as JSON.

        Parameters
        ----------
        remove_amp_cast : bool, default True
            Has no effect: variables have no casts.

        Returns
        -------
        str
            The same text as from MXNet 1.9.1.

        Examples
        --------
        >>> import numparam as mx
        >>> data = mx.sym.var("data", shape=(2, 3), lr_mult=2)
        >>> data.tojson()[:1]
        '{'
        """
        described = self._described()
        nodes = list(zip(described.names, described.attributes, strict=True))
        return json_format.dumps(nodes, described.outputs)

    def save(self, fname: str | os.PathLike[Any], remove_amp_cast: bool = True) -> None:
        """Save the symbol's JSON to a file; a failed save leaves the old file intact.

        Parameters
        ----------
        fname : str or os.PathLike
            The file.
        remove_amp_cast : bool, default True
            Has no effect: variables have no casts.

        Raises
        ------
        TypeError
            If ``fname`` is not a path.
        MXNetError
            If the file cannot be written (also an OSError).

        Examples
        --------
        >>> import numparam as mx
        >>> import pathlib, tempfile
        >>> path = pathlib.Path(tempfile.mkdtemp(), "net-symbol.json")
        >>> mx.sym.var("data").save(path)
        >>> path.exists()
        True
        """
        if not isinstance(fname, (str, os.PathLike)):
            raise TypeError(f"fname must be a path; got {fname!r} of type {type(fname).__name__}.")
        contents = self.tojson().encode()
        write_file(fname, lambda file, regular: file.write_pieces([contents]))

    def debug_str(self) -> str:
        """Return a readable description of outputs and variables.

        Returns
        -------
        str
            One line for each.

        Examples
        --------
        >>> import numparam as mx
        >>> data = mx.sym.var("data", shape=(2, 3), lr_mult=2)
        >>> data.debug_str().strip()
        'Variable:data'
        """
        described = self._described()
        lines = [f"Variable:{name}" for name in described.names]
        if len(self._variables) != 1:
            outputs = [f"\toutput[{i}]={name}(0)" for i, name in enumerate(self.list_outputs())]
            lines = ["Symbol Outputs:", *outputs, *lines]
        return "\n".join(lines) + "\n"

    def as_np_ndarray(self) -> _Symbol:
        """Return a symbol of the NumPy kind with the same variables.

        Returns
        -------
        numparam.symbol.numpy._Symbol
            A new object; attributes set on one are seen on the other.

        Examples
        --------
        >>> import numparam as mx
        >>> data = mx.sym.var("data", shape=(2, 3), lr_mult=2)
        >>> data.as_np_ndarray().name
        'data'
        """
        return _Symbol(self._variables)

    def as_nd_ndarray(self) -> Symbol:
        """Return the symbol itself.

        Returns
        -------
        Symbol
            The same object.

        Examples
        --------
        >>> import numparam as mx
        >>> data = mx.sym.var("data", shape=(2, 3), lr_mult=2)
        >>> data.as_nd_ndarray().name
        'data'
        """
        return self

    def __repr__(self) -> str:
        if self.name is not None:
            return f"<{type(self).__name__} {self.name}>"
        return f"<{type(self).__name__} group [{', '.join(self.list_outputs())}]>"

    def __len__(self) -> int:
        return len(self._variables)

    def __iter__(self: SymbolType) -> Iterator[SymbolType]:
        return (type(self)((variable,)) for variable in self._variables)

    def __getitem__(self: SymbolType, index: int | str | slice) -> SymbolType:
        if isinstance(index, str):
            found = [variable for variable in self._variables if variable.name == index]
            if len(found) != 1:
                problem = "several outputs" if found else "no output"
                raise ValueError(f"{self} has {problem} with the name {index!r}.")
            return type(self)((found[0],))
        if isinstance(index, slice):
            chosen = self._variables[index]
            if not chosen:
                raise TypeError(f"The slice {index} of {self} has no outputs; a symbol has some.")
            return type(self)(chosen)
        if not isinstance(index, int):
            raise TypeError(
                f"Outputs are picked by position, name or slice; got {index!r} of type "
                f"{type(index).__name__}."
            )
        if not -len(self) <= index < len(self):
            raise IndexError(f"{self} has {len(self)} output(s), and no output {index}.")
        return type(self)((self._variables[index],))

    def __copy__(self: SymbolType) -> SymbolType:
        # As in MXNet a copy has attributes of its own; a variable that comes twice stays one.
        copies = {
            id(variable): _Variable(variable.name, dict(variable.attributes))
            for variable in self._variables
        }
        return type(self)(tuple(copies[id(variable)] for variable in self._variables))

    def __deepcopy__(self: SymbolType, memo: dict[int, Any]) -> SymbolType:
        return self.__copy__()

    def __getstate__(self) -> dict[str, str]:
        return {"handle": self.tojson()}

    def __setstate__(self, state: dict[str, str]) -> None:
        nodes, heads = json_format.loads(state["handle"])
        variables = [_Variable(name, attributes) for name, attributes in nodes]
        self._variables = tuple(variables[head] for head in heads)


class _Symbol(Symbol):
    """A symbol for ``mx.np`` arrays, otherwise like :class:`~numparam.symbol.Symbol`.

    Made by :meth:`Symbol.as_np_ndarray`, for instance in ``Parameter.var()`` while NumPy arrays are
    on.
    """

    __slots__ = ()

    def as_np_ndarray(self) -> _Symbol:
        """Return the symbol itself.

        Returns
        -------
        _Symbol
            The same object.
        """
        return self

    def as_nd_ndarray(self) -> Symbol:
        """Return a symbol of the classic kind with the same variables.

        Returns
        -------
        Symbol
            A new object; attributes set on one are seen on the other.
        """
        return Symbol(self._variables)


# Where MXNet has it, for pickles and for its name in messages.
_Symbol.__module__ = "numparam.symbol.numpy"


show_public_names(__name__)
