"""`ParameterDict`: parameters by name, made when first requested and handled together."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import ItemsView, Iterable, Iterator, KeysView, Mapping, ValuesView
from functools import partial
from typing import Any, Self

import numpy as np

from numparam._missing import close_matches, show_public_names
from numparam.context import Context
from numparam.devices.locks import in_turn, new_table
from numparam.formats.quoting import quoted, shown
from numparam.gluon import (
    agreement,
    averaging,
    checkpoints,
    checks,
    contexts,
    from_files,
    hooks,
    initializing,
    parameter,
    replicas,
    saving,
    summary,
    values,
    zeroing,
)
from numparam.gluon.entries import Entries, items_now
from numparam.gluon.errors import (
    InvalidNameError,
    NotAParameterError,
    ParameterConflictError,
    UnknownAttributeError,
    UnknownParameterError,
)
from numparam.gluon.parameter import Constant, Parameter
from numparam.gluon.state import Ready, make_all
from numparam.gluon.utils import _indent
from numparam.initializer import Uniform, as_initializer
from numparam.modes.np_mode import np_shape

__all__ = ["ParameterDict"]

# Refining a parameter by keywords is one step for all threads: one turn for all dictionaries, since
# they may share parameters.
_turns = new_table()
_NAMES = {"names"}


class ParameterDict:
    """Parameters by name, in the order of insertion.

    Parameters
    ----------
    prefix : str, default ''
        Put before the name in `get` and `get_constant`.
    shared : ParameterDict, optional
        Where those two look for a parameter before they make one.

    Notes
    -----
    What is done with all parameters is done with those of the moment when it begins: other threads
    may call `get` meanwhile.

    Examples
    --------
    >>> import numparam as mx
    >>> parameters = mx.gluon.ParameterDict("net_")
    >>> weight = parameters.get("weight", shape=(2, 3))
    >>> parameters["net_weight"] is weight, len(parameters)
    (True, 1)
    """

    _prefix: str

    # Code of MXNet's time reads it as `_params`, changes it, and may replace it by any mapping.
    _entries: OrderedDict[str, Parameter]

    _shared: ParameterDict | None

    # All gradients, from the first `zero_grad` on.
    _zeroing: zeroing.GradientTables | None

    def __init__(self, prefix: str = "", shared: ParameterDict | None = None) -> None:
        if shared is not None and not hasattr(shared, "_params"):
            raise NotAParameterError(
                f"shared must be a ParameterDict, where parameters are looked for; got {shared!r}."
            )
        if prefix is not None and not isinstance(prefix, str):
            raise InvalidNameError(
                "The prefix of a ParameterDict, and the names in it, must be strings; got the "
                f"prefix {prefix!r}. To add parameters, use update(parameters)."
            )
        self._prefix = prefix
        self._entries = Entries()
        self._shared = shared
        self._zeroing = None

    # Mapping

    def __repr__(self) -> str:
        lines = "\n".join(_indent(f"  {member}", 2) for member in self._members())
        return f"{shown(self._prefix, newlines=True) + ' ' if self._prefix else ''}(\n{lines}\n)"

    def _repr_html_(self) -> str:
        return self.summary()._repr_html_()

    def __getitem__(self, key: str) -> Parameter:
        try:
            return self._entries[key]
        except KeyError:
            names = [name for name, _ in items_now(self._entries)]
            near = close_matches(str(key), names, 1)
            hint = f" Did you mean '{near[0]}'?" if near else ""
            raise UnknownParameterError(
                f"There is no Parameter {key!r} among the {len(self._entries)} here; names include "
                f"the prefix '{self._prefix}'.{hint}"
            ) from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def __len__(self) -> int:
        return len(self._entries)

    def __bool__(self) -> bool:
        # As in MXNet, where a dictionary has no length: `if params:` asks whether there is one.
        return True

    def keys(self) -> KeysView[str]:
        """Return the names.

        Examples
        --------
        >>> import numparam as mx
        >>> params = mx.gluon.ParameterDict("net_")
        >>> weight = params.get("weight", shape=(2, 3))
        >>> bias = params.get("bias", shape=(2,), init="zeros")
        >>> list(params.keys())
        ['net_weight', 'net_bias']
        """
        return self._entries.keys()

    def values(self) -> ValuesView[Parameter]:
        """Return the parameters.

        Examples
        --------
        >>> import numparam as mx
        >>> params = mx.gluon.ParameterDict("net_")
        >>> weight = params.get("weight", shape=(2, 3))
        >>> bias = params.get("bias", shape=(2,), init="zeros")
        >>> [parameter.shape for parameter in params.values()]
        [(2, 3), (2,)]
        """
        return self._entries.values()

    def items(self) -> ItemsView[str, Parameter]:
        """Return pairs of name and parameter.

        Examples
        --------
        >>> import numparam as mx
        >>> params = mx.gluon.ParameterDict("net_")
        >>> weight = params.get("weight", shape=(2, 3))
        >>> bias = params.get("bias", shape=(2,), init="zeros")
        >>> {name: parameter.shape for name, parameter in params.items()}
        {'net_weight': (2, 3), 'net_bias': (2,)}
        """
        return self._entries.items()

    @property
    def _params(self) -> OrderedDict[str, Parameter]:
        """The parameters by name, for code that may change them in any way."""
        entries = self._entries
        return entries.handed_out() if type(entries) is Entries else entries

    @_params.setter
    def _params(self, entries: OrderedDict[str, Parameter]) -> None:
        self._entries = entries

    def _members(self) -> list[Parameter]:
        """Return the current parameters as a list, which another thread's `get` does not change."""
        return [member for _, member in items_now(self._entries)]

    def _distinct(self) -> list[Parameter]:
        """Return the current parameters, each once, even if it has several keys."""
        return list({id(member): member for member in self._members()}.values())

    @property
    def prefix(self) -> str:
        """The prefix that `get` puts before a name."""
        return self._prefix

    # Making

    def _full_name(self, name: str) -> str:
        if not (isinstance(name, str) and isinstance(self._prefix, str)):
            raise InvalidNameError(
                "The name of a parameter, and the prefix before it, must be strings; got the name "
                f"{name!r} and the prefix {self._prefix!r}."
            )
        return self._prefix + name

    def _find(self, name: str) -> Parameter | None:
        found = self._entries.get(name)
        if found is None and self._shared is not None:
            found = _entries_of(self._shared).get(name)
        return found

    def _insert(self, name: str, found: Parameter) -> Parameter:
        """Add a parameter; return the one with the name: another thread may have added one."""
        held = self._entries.get(name)
        return held if held is not None else self._entries.setdefault(name, found)

    def _get_impl(self, name: str) -> Parameter | None:
        """Find a parameter here, or in the shared dictionary and add it here; or return None."""
        found = self._find(name)
        return None if found is None else self._insert(name, found)

    def get(self, name: str, **kwargs: Any) -> Parameter:
        """Return the parameter with a name; make it if it does not exist.

        Parameters
        ----------
        name : str
            Its name without the prefix.
        **kwargs
            Arguments of `Parameter`. If there is one already, they are compared with it: unknown
            sizes of the shape are filled in, None is ignored, the rest must agree.

        Returns
        -------
        Parameter
            From here, or else from the shared dictionary, or else a new one.

        Raises
        ------
        AssertionError
            If the parameter exists and does not agree; nothing is changed. Also a ValueError.
        TypeError
            If `Parameter` has no such argument.

        Notes
        -----
        Several threads that request one name get one parameter.

        Examples
        --------
        >>> import numparam as mx
        >>> parameters = mx.gluon.ParameterDict("net_")
        >>> weight = parameters.get("weight", shape=(0, 3), allow_deferred_init=True)
        >>> parameters.get("weight", shape=(2, 0)).shape
        (2, 3)
        """
        name = self._full_name(name)
        found = self._find(name)
        if found is None:
            agreement.check_keywords(kwargs, name)
            made = Parameter(name, **kwargs)
            found = self._insert(name, made)
            if found is made:
                return made
        if kwargs:
            in_turn(_turns, _NAMES, partial(agreement.merge, found, kwargs))
        return self._insert(name, found)

    def get_constant(self, name: str, value: Any = None) -> Parameter:
        """Return the constant with a name; make it if it does not exist.

        Parameters
        ----------
        name : str
            Its name without the prefix.
        value : NDArray, numpy.ndarray or nested list, optional
            Its value. A constant that exists must have an equal one. None is not compared.

        Returns
        -------
        Constant
            From here, or else from the shared dictionary, or else a new one.

        Raises
        ------
        KeyError
            If there is no constant, and no value to make one.
        AssertionError
            If the constant has another value, or the parameter is not a constant. Also a
            ValueError.

        Examples
        --------
        >>> import numparam as mx
        >>> params = mx.gluon.ParameterDict("net_")
        >>> scale = params.get_constant("scale", [1, 2])
        >>> params.initialize()
        >>> scale.data().asnumpy()
        array([1., 2.], dtype=float32)
        >>> params.get_constant("scale") is scale
        True
        """
        name = self._full_name(name)
        found = self._find(name)
        if found is None:
            if value is None:
                raise UnknownParameterError(
                    f"There is no constant named {quoted(name)}. Pass a value to make one."
                )
            made = Constant(name, value)
            found = self._insert(name, made)
            if found is made:
                return made
        if value is not None:
            _check_constant(found, value)
        return self._insert(name, found)

    def update(self, other: Mapping[str, Parameter] | ParameterDict) -> None:
        """Add all parameters of another dictionary.

        Parameters
        ----------
        other : ParameterDict or mapping
            Parameters by name. A name that exists here must stand for the same object.

        Raises
        ------
        AssertionError
            If it does not; nothing is added. Also a ValueError.
        TypeError
            If `other` is not a mapping to parameters; nothing is added.

        Examples
        --------
        >>> import numparam as mx
        >>> params = mx.gluon.ParameterDict("net_")
        >>> weight = params.get("weight", shape=(2, 3))
        >>> bias = params.get("bias", shape=(2,), init="zeros")
        >>> both = mx.gluon.ParameterDict("both_")
        >>> both.update(params)
        >>> list(both.keys())
        ['net_weight', 'net_bias']
        """
        if not hasattr(other, "items"):
            raise NotAParameterError(
                f"update takes a ParameterDict or a dict of parameters; got {type(other).__name__}."
            )
        members = dict(other.items())
        in_turn(_turns, _NAMES, lambda: self._add_all(members))

    def _add_all(self, members: dict[str, Any]) -> None:
        for name, member in members.items():
            if not isinstance(member, Parameter):
                raise NotAParameterError(
                    f"update takes parameters; {quoted(name)} stands for a {type(member).__name__}."
                )
            if self._entries.get(name, member) is not member:
                raise ParameterConflictError(
                    f"Cannot add the other dictionary's Parameter {quoted(name)}: another "
                    "parameter has this name here. Give the two dictionaries different prefixes."
                )
        for name, member in members.items():
            self._insert(name, member)

    # All at once

    def initialize(
        self, init: Any = None, ctx: Any = None, verbose: bool = False, force_reinit: bool = False
    ) -> None:
        """Initialize all parameters.

        Parameters
        ----------
        init : Initializer, str, dict, Mixed, Load or callable, optional
            What makes the values of parameters without an initializer of their own; ``Uniform()``
            if not given.
        ctx : Context or list of Context, optional
            Where; the current context if not given.
        verbose : bool, default False
            Whether to log a line for each parameter, in this call.
        force_reinit : bool, default False
            Whether to initialize parameters again that are already.

        Raises
        ------
        ValueError, AssertionError, MXNetError
            As `Parameter.initialize` for the first parameter that cannot be initialized; then no
            parameter is changed.

        Examples
        --------
        >>> import numparam as mx
        >>> params = mx.gluon.ParameterDict("net_")
        >>> weight = params.get("weight", shape=(2, 3))
        >>> bias = params.get("bias", shape=(2,), init="zeros")
        >>> params.initialize(mx.init.One(), ctx=[mx.cpu(0), mx.cpu(1)])
        >>> weight.data(mx.cpu(1)).asnumpy().sum(), bias.data(mx.cpu(1)).asnumpy().sum()
        (np.float32(6.0), np.float32(0.0))
        """
        if init is None:
            init = Uniform()
        if verbose:
            init = as_initializer(init)._verbose_copy()
        ctx = contexts.read_once(ctx)
        request = initializing.Request(None, ctx, init, force_reinit)
        changes: list[Ready | None] = []
        for member in self._distinct():
            plain = hooks.initializes_plainly(member)
            if not plain and hooks.is_replaced(member, "initialize"):
                changes.append(
                    partial(member.initialize, None, ctx, init, force_reinit=force_reinit)
                )
            else:
                changes.append(initializing.prepare(member, request, plain))
        make_all(replicas.written(changes))

    def zero_grad(self) -> None:
        """Set the gradients of all parameters to zero, in place.

        Notes
        -----
        One call into compiled code for each context and dtype, however many parameters there are.
        Sparse gradients store nothing afterwards. Tied gradients are set once.

        Examples
        --------
        >>> import numparam as mx
        >>> parameters = mx.gluon.ParameterDict()
        >>> weight = parameters.get("weight", shape=(2,))
        >>> parameters.initialize()
        >>> weight.grad()[:] = 5
        >>> parameters.zero_grad()
        >>> weight.grad().asnumpy()
        array([0., 0.], dtype=float32)
        """
        while True:
            tables = self._zeroing
            if tables is None or not tables.is_valid(self._entries):
                tables = self._zeroing = zeroing.GradientTables(self._entries, tables)
            tables.zero()
            if not tables.is_released:  # as by a thread that replaces gradients meanwhile
                return

    def mean_grads(self) -> None:
        """Average the gradients of each parameter over its contexts, in place.

        Notes
        -----
        As `Parameter.mean_grads`: all copies hold the mean afterwards, which is rounded once. Tied
        gradients are averaged once.

        Examples
        --------
        >>> import numparam as mx
        >>> parameters = mx.gluon.ParameterDict()
        >>> weight = parameters.get("weight", shape=(2,))
        >>> parameters.initialize(ctx=[mx.cpu(0), mx.cpu(1)])
        >>> weight.grad(mx.cpu(0))[:] = 4
        >>> parameters.mean_grads()
        >>> weight.grad(mx.cpu(1)).asnumpy()
        array([2., 2.], dtype=float32)
        """
        held = [member._state.gradients for member in self._members()]
        averaging.average_in_place([arrays for arrays in held if arrays is not None])

    def mean_data(self) -> None:
        """Average the arrays of each parameter over its contexts, in place.

        Raises
        ------
        RuntimeError
            If a parameter is not initialized; nothing is changed.

        Notes
        -----
        As `Parameter.mean_data`.

        Examples
        --------
        >>> import numparam as mx
        >>> params = mx.gluon.ParameterDict("net_")
        >>> weight = params.get("weight", shape=(2, 3))
        >>> bias = params.get("bias", shape=(2,), init="zeros")
        >>> params.initialize(ctx=[mx.cpu(0), mx.cpu(1)])
        >>> weight.data(mx.cpu(0))[:] = 1
        >>> weight.data(mx.cpu(1))[:] = 3
        >>> params.mean_data()
        >>> weight.data(mx.cpu(0)).asnumpy()
        array([[2., 2., 2.],
               [2., 2., 2.]], dtype=float32)
        """
        averaging.average_in_place(
            [member._check_and_get(member._settled_data(), list) for member in self._members()]
        )

    def list_ctx(self) -> list[Context]:
        """Return the contexts of all parameters.

        Returns
        -------
        list of Context
            Each once, in the order of the parameters.

        Raises
        ------
        RuntimeError
            If a parameter is not initialized.

        Examples
        --------
        >>> import numparam as mx
        >>> params = mx.gluon.ParameterDict("net_")
        >>> weight = params.get("weight", shape=(2, 3))
        >>> bias = params.get("bias", shape=(2,), init="zeros")
        >>> params.initialize(ctx=[mx.cpu(0), mx.cpu(1)])
        >>> params.list_ctx()
        [cpu(0), cpu(1)]
        """
        return list(dict.fromkeys(ctx for member in self._members() for ctx in member.list_ctx()))

    def reset_ctx(self, ctx: Any) -> None:
        """Move all parameters to other contexts.

        Parameters
        ----------
        ctx : Context or list of Context
            Where to; see `Parameter.reset_ctx`.

        Raises
        ------
        ValueError, MXNetError
            If a parameter cannot be moved; then none is.

        Examples
        --------
        >>> import numparam as mx
        >>> params = mx.gluon.ParameterDict("net_")
        >>> weight = params.get("weight", shape=(2, 3))
        >>> bias = params.get("bias", shape=(2,), init="zeros")
        >>> params.initialize()
        >>> params.reset_ctx([mx.cpu(0), mx.cpu(1)])
        >>> weight.list_ctx()
        [cpu(0), cpu(1)]
        """
        ctx = contexts.read_once(ctx)
        changes = [
            partial(member.reset_ctx, ctx)
            if hooks.is_replaced(member, "reset_ctx")
            else values.prepare_move(member, ctx)
            for member in self._distinct()
        ]
        make_all(replicas.written(changes))

    def setattr(self, name: str, value: Any) -> None:
        """Assign to an attribute of all parameters.

        Parameters
        ----------
        name : str
            Such as ``'grad_req'``, ``'lr_mult'``, ``'wd_mult'`` or ``'dtype'``.
        value : object
            The value.

        Raises
        ------
        AttributeError
            If a parameter has no such attribute; nothing is changed.
        AssertionError, TypeError
            If the value is not possible; nothing is changed if the attribute is one of those named
            above.

        Examples
        --------
        >>> import numparam as mx
        >>> parameters = mx.gluon.ParameterDict()
        >>> weight = parameters.get("weight", shape=(2,))
        >>> parameters.setattr("lr_mult", 0.1)
        >>> weight.lr_mult
        0.1
        """
        members = self._distinct()
        for member in members:
            if not hasattr(member, name):
                near = close_matches(name, dir(member), 1)
                hint = f" Did you mean '{near[0]}'?" if near else ""
                raise UnknownAttributeError(
                    f"Parameter {quoted(member.name)} has no attribute {quoted(name)}.{hint}"
                )
            if name == "grad_req" and not isinstance(member, Constant):
                checks.check_grad_req(value, member.name)
            elif name == "dtype":
                checks.checked_dtype(value, member.name)
        make_all([_prepared_assignment(member, name, value) for member in members])

    def summary(self) -> summary.Summary:
        """Describe all parameters in a table.

        Returns
        -------
        Summary
            ``str`` of it is the table. It contains, for each parameter: name, shape, dtype,
            contexts, grad_req, storage, bytes of data and gradients on all contexts, state; and the
            totals.

        Examples
        --------
        >>> import numparam as mx
        >>> parameters = mx.gluon.ParameterDict()
        >>> _ = parameters.get("weight", shape=(2, 3))
        >>> parameters.initialize()
        >>> parameters.summary().nbytes
        48
        """
        return summary.Summary(self._members())

    # Files

    def save(self, filename: Any, strip_prefix: str = "") -> None:
        """Write all parameters to a ``.params`` file, or a file of another format.

        Parameters
        ----------
        filename : str, os.PathLike or binary file object
            The file. It is replaced at the end; a failed save leaves the old one. The suffixes of
            `numparam.Checkpoint.save`, such as ``.safetensors``, choose its format.
        strip_prefix : str, default ''
            Cut off the beginning of each name.

        Raises
        ------
        ValueError
            If a name does not begin with `strip_prefix`, or two parameters have one name.
        RuntimeError
            If a parameter is not initialized. If the file cannot be written, it is an OSError too.

        Notes
        -----
        Where there are copies on several contexts, their mean is written. The bytes are those of
        MXNet 1.9.1.

        Examples
        --------
        >>> import os, tempfile
        >>> import numparam as mx
        >>> parameters = mx.gluon.ParameterDict("net_")
        >>> _ = parameters.get("weight", shape=(2,), init="ones")
        >>> parameters.initialize()
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = os.path.join(folder, "net.params")
        ...     parameters.save(path, strip_prefix="net_")
        ...     list(mx.nd.load(path))
        ['weight']
        """
        saving.save(self._members(), filename, strip_prefix)

    def load(
        self,
        filename: Any,
        ctx: Any = None,
        allow_missing: bool = False,
        ignore_extra: bool = False,
        restore_prefix: str = "",
        cast_dtype: bool = False,
        dtype_source: str = "current",
        encoding: str = "utf-8",
        errors: str = "strict",
    ) -> None:
        """Read parameters from a ``.params`` file, or a file of another format.

        Parameters
        ----------
        filename : str, os.PathLike, bytes-like or binary file object
            The file, or its contents. Those that `numparam.Checkpoint` reads are told by their
            contents, and read whole before they are loaded; as a file object ``.params`` only.
        ctx : Context or list of Context, optional
            Where parameters go that are not initialized; ``cpu(0)`` if not given. Those that are
            must be on these contexts.
        allow_missing : bool, default False
            Whether the file may lack parameters, which stay as they are.
        ignore_extra : bool, default False
            Whether the file may have arrays that belong to no parameter.
        restore_prefix : str, default ''
            Put before each name of the file.
        cast_dtype : bool, default False
            Whether dtypes may differ.
        dtype_source : {'current', 'saved'}, default 'current'
            With `cast_dtype`: whose dtype a parameter has afterwards.
        encoding, errors : str
            How the file's names are encoded; as for `numparam.nd.load`.

        Raises
        ------
        LoadError
            If names, shapes, dtypes, storage types or contexts do not fit: an AssertionError, a
            ValueError and an MXNetError. It has the lists ``missing``, ``unexpected`` and
            ``mismatched``. Nothing was changed.
        FormatError, FileAccessError
            If the file is damaged or cannot be read. Nothing was changed.
        IncompleteLoadError
            If reading fails after all these checks; the message names the parameters that have
            changed. A MemoryError too if memory lacks.

        Notes
        -----
        All headers are read and compared with all parameters before the first value is read; values
        then go straight into the parameters' memory. Files of any version are read in any mode.

        Examples
        --------
        >>> import numparam as mx
        >>> import pathlib, tempfile
        >>> path = pathlib.Path(tempfile.mkdtemp(), "net.params")
        >>> mx.nd.save(path, {"weight": mx.nd.ones((2, 3))})
        >>> params = mx.gluon.ParameterDict("net_")
        >>> weight = params.get("weight", shape=(2, 3))
        >>> params.load(path, ctx=[mx.cpu(0), mx.cpu(1)], restore_prefix="net_")
        >>> weight.data(mx.cpu(1)).asnumpy().sum()
        np.float32(6.0)
        """
        options = checkpoints.Options(
            allow_missing, ignore_extra, restore_prefix, ctx, cast_dtype, dtype_source
        )
        checkpoints.load_file(self._entries, filename, options, encoding, errors)

    @classmethod
    def from_file(cls, filename: Any, ctx: Any = None, prefix: str = "") -> Self:
        """Make a dictionary of parameters with the names, shapes, dtypes and values of a file.

        Parameters
        ----------
        filename : str, os.PathLike or bytes-like
            A file of any format that `numparam.Checkpoint` reads, or its contents.
        ctx : Context or list of Context, optional
            Where the parameters go; ``cpu(0)`` if not given.
        prefix : str, default ''
            Of the new dictionary; put before each name.

        Returns
        -------
        ParameterDict
            With values. ``arg:`` and ``aux:`` are cut off names. Auxiliary states, which are named
            ``aux:…``, ``…running_mean`` and the like, have ``grad_req='null'``; so have integers.

        Raises
        ------
        MXNetError
            As from `load`.

        Examples
        --------
        >>> import pathlib, tempfile
        >>> import numparam as mx
        >>> path = pathlib.Path(tempfile.mkdtemp(), "net.params")
        >>> mx.nd.save(path, {"arg:w": mx.nd.ones((2, 3)), "aux:bn_moving_mean": mx.nd.zeros(3)})
        >>> params = mx.gluon.ParameterDict.from_file(path, [mx.cpu(0), mx.cpu(1)])
        >>> [(name, parameter.shape, parameter.grad_req) for name, parameter in params.items()]
        [('w', (2, 3), 'write'), ('bn_moving_mean', (3,), 'null')]
        """
        new = cls(prefix)
        declared = from_files.declarations(filename)
        # Scalars, such as PyTorch's num_batches_tracked, have a shape only with NumPy shapes on.
        scalars = any(arguments["shape"] == () for arguments in declared.values())
        with np_shape(True if scalars else None):
            for name, arguments in declared.items():
                new.get(name, **arguments)
            new.load(filename, ctx=ctx, restore_prefix=prefix)
        return new

    def load_dict(
        self,
        param_dict: Mapping[str, Any] | Iterable[tuple[str, Any]],
        ctx: Any = None,
        allow_missing: bool = False,
        ignore_extra: bool = False,
        restore_prefix: str = "",
        filename: str | None = None,
        cast_dtype: bool = False,
        dtype_source: str = "current",
    ) -> None:
        """Load parameters from arrays in memory.

        Parameters
        ----------
        param_dict : mapping of str to NDArray or numpy.ndarray, or pairs
            The arrays by name; they are copied. Of a mapping, the beginnings ``arg:`` and ``aux:``
            of names do not count.
        ctx, allow_missing, ignore_extra, restore_prefix, cast_dtype, dtype_source
            As for `load`.
        filename : str, optional
            Where the arrays are from, for messages.

        Raises
        ------
        LoadError
            As for `load`.
        TypeError
            If a value is not an array.

        Examples
        --------
        >>> import numpy as np
        >>> import numparam as mx
        >>> parameters = mx.gluon.ParameterDict("net_")
        >>> weight = parameters.get("weight", shape=(2,))
        >>> parameters.load_dict({"net_weight": np.float32([1, 2])})
        >>> weight.data().asnumpy()
        array([1., 2.], dtype=float32)
        """
        options = checkpoints.Options(
            allow_missing, ignore_extra, restore_prefix, ctx, cast_dtype, dtype_source
        )
        checkpoints.load_arrays(self._entries, param_dict, filename, options)

    # Copies and pickles

    def __getstate__(self) -> dict[str, Any]:
        # The entries of this moment: another thread may add some while they are copied.
        entries = items_now(self._entries)
        params = Entries(entries) if type(self._entries) is Entries else OrderedDict(entries)
        state = {**self.__dict__, "_zeroing": None, "_params": params}  # as MXNet's
        del state["_entries"]
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        rest = dict(state)
        self._entries = rest.pop("_params")
        self.__dict__.update(rest)
        self._zeroing = None  # pickles of MXNet have no such thing

    def __copy__(self) -> Self:
        duplicate = object.__new__(type(self))
        duplicate.__setstate__(self.__getstate__())
        return duplicate


parameter.ParameterDict = ParameterDict


def _entries_of(shared: Any) -> Mapping[str, Parameter]:
    return shared._entries if isinstance(shared, ParameterDict) else shared._params


def _prepared_assignment(member: Parameter, name: str, value: Any) -> Ready | None:
    """Prepare the assignment to an attribute, if it can fail; otherwise return a plain one."""
    own = getattr(type(member), name, None)
    if name == "dtype" and own is Parameter.dtype and not hooks.is_replaced(member, "cast"):
        return values.prepare_cast(member, value)
    if name == "grad_req" and own is Parameter.grad_req and member._differentiable:
        return values.prepare_grad_req(member, value)
    return partial(setattr, member, name, value)


def _check_constant(found: Parameter, value: Any) -> None:
    if not isinstance(found, Constant):
        raise ParameterConflictError(
            f"Parameter '{found.name}' exists and is not a constant. Use get, or another name."
        )
    wanted = checks.as_numbers(value, found.name)
    stored = found.value.asnumpy()
    if wanted.dtype.kind == stored.dtype.kind == "f":
        wanted = wanted.astype(stored.dtype)  # as a constant made of it would be
    if wanted.shape != stored.shape:
        raise ParameterConflictError(
            f"Constant '{found.name}' exists with shape {stored.shape}, and was requested with "
            f"shape {wanted.shape}. Use another name."
        )
    if not bool(np.all((wanted == stored) | ((wanted != wanted) & (stored != stored)))):
        raise ParameterConflictError(
            f"Constant '{found.name}' exists with another value. Use another name, or call "
            "get_constant without a value."
        )


show_public_names(__name__)
