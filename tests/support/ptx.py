"""CUDA kernels compiled and assembled without a GPU, and what their PTX must not hold.

PTX is read as text: `instructions` gives each one's name, the registers it sets and its operands.
"""

from __future__ import annotations

import functools
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

CAPABILITIES = ((7, 5), (8, 0), (9, 0), (10, 0))

_INSTRUCTION = re.compile(r"^\s*(?:@!?%p\d+\s+)?([a-z][\w.]*(?:::\w+)?[\w.]*)\s+(.*);")
_REGISTER = re.compile(r"%[a-z]+\d+")
_SPECIAL = re.compile(r"%(?:tid|ctaid|ntid|nctaid)\.[xyz]")
_FLOAT_ATOMIC = re.compile(r"\b(?:atom|red)\.[\w.:]*\.(?:f16|bf16|f32|f64)\w*\b")
_MEMORY = ("ld.global", "st.global", "atom.", "red.")


def compiled(kernel: Any, capability: tuple[int, int]) -> str:
    """PTX of a kernel, or of a function that is to be one."""
    return _lowered(getattr(kernel, "py_func", kernel)).get_asm_str(cc=capability)


@functools.cache
def _lowered(function: Callable) -> Any:
    """What all generations have in common, compiled once: it takes longer than all the rest."""
    from numparam.kernels.cuda import _compile

    return _compile.lowered(function, CAPABILITIES[0])[0]


@functools.cache
def assembled(text: str, capability: tuple[int, int]) -> str:
    """What the assembler says of the registers, the stack and the spills of PTX."""
    from cuda.core import Linker, LinkerOptions, ObjectCode

    architecture = "sm_{}{}".format(*capability)
    options = LinkerOptions(arch=architecture, verbose=True, ptxas_options=["-v"])
    linker = Linker(ObjectCode.from_ptx(text.encode()), options=options)
    assert linker.link("cubin").code
    log = linker.get_info_log()
    linker.close()
    return log


def spilled_bytes(log: str) -> list[int]:
    """Bytes of stack frame, spill stores and spill loads that an assembler's log reports."""
    found = re.findall(
        r"(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads", log
    )
    assert found, f"the assembler did not report spills:\n{log}"
    return [int(number) for line in found for number in line]


def entries(text: str) -> list[str]:
    """Names of the kernels in PTX."""
    return re.findall(r"^\.visible \.entry (\w+)\(", text, re.MULTILINE)


def float_atomics(text: str) -> list[str]:
    """Atomic operations on floating-point numbers, whose order changes the sum."""
    return _FLOAT_ATOMIC.findall(text)


class Instruction(NamedTuple):
    """One instruction: its name, the registers it sets, the text of its other operands."""

    name: str
    sets: tuple[str, ...]
    operands: tuple[str, ...]


def instructions(text: str) -> Iterator[Instruction]:
    """Read the instructions of PTX in their order."""
    for line in text.splitlines():
        match = _INSTRUCTION.match(line)
        if not match or line.lstrip().startswith("."):
            continue
        name, rest = match.groups()
        operands = [part.strip() for part in re.split(r",(?![^{\[]*[}\]])", rest)]
        writes = 0 if name.startswith(("st.", "red.", "bra", "ret")) else 1
        sets = tuple(_REGISTER.findall(" ".join(operands[:writes])))
        yield Instruction(name, sets, tuple(operands[writes:]))


_VECTOR = re.compile(r"\.v[24]\.")
_ARITHMETIC = re.compile(r"(?:add|sub|mul|div|fma|sqrt|setp)\.(?:\w+\.)*[fb]?f(?:16|32|64)")


class Block(NamedTuple):
    """What a stretch without branches moves in vectors.

    Attributes
    ----------
    loads, stores : int
        Vector loads and stores.
    early : int
        Those of the loads that stand before any arithmetic with floating-point numbers.
    """

    loads: int
    stores: int
    early: int


def vector_blocks(text: str) -> list[Block]:
    """Look at the stretches that move vectors, in their order."""
    found: list[Block] = []
    names: list[str] = []

    def finish() -> None:
        loads = [i for i, name in enumerate(names) if _is_vector(name, "ld.global")]
        stores = [i for i, name in enumerate(names) if _is_vector(name, "st.global")]
        first = next((i for i, name in enumerate(names) if _ARITHMETIC.match(name)), len(names))
        if loads or stores:
            found.append(Block(len(loads), len(stores), sum(i < first for i in loads)))
        names.clear()

    for line in text.splitlines():
        if re.match(r"^\$\w+:", line):
            finish()
            continue
        match = _INSTRUCTION.match(line)
        if match and not line.lstrip().startswith("."):
            names.append(match.group(1))
            if match.group(1).startswith("bra"):
                finish()
    finish()
    return found


def _is_vector(name: str, start: str) -> bool:
    return name.startswith(start) and bool(_VECTOR.search(name))


def contractions(text: str) -> list[str]:
    """What fuses, or lets the assembler fuse, a product and a sum into one rounding.

    A product without a rounding mode (``mul.f64``, not ``mul.rn.f64``) that reaches a sum counts:
    the assembler may fuse the two.
    """
    found = []
    loose: set[str] = set()
    for _ in range(2):  # loops carry registers backwards
        found = []
        for name, sets, operands in instructions(text):
            if re.match(r"(?:fma|mad)\.(?:\w+\.)*f\d", name):
                found.append(name)
            used = set(_REGISTER.findall(" ".join(operands)))
            if re.fullmatch(r"mul\.(?:ftz\.)?f\d+", name) or (
                name.startswith(("mov.", "neg.", "abs.", "selp.")) and used & loose
            ):
                loose.update(sets)
            elif re.match(r"(?:add|sub)\.(?:\w+\.)*f\d", name) and used & loose:
                found.append(f"{name} of a product")
    return found


def flushes(text: str) -> list[str]:
    """Instructions that are not exact: subnormal numbers flushed to zero, approximations."""
    return re.findall(r"\b\w+(?:\.\w+)*\.(?:ftz|approx|full)\b[\w.]*", text)


def _divides_small_numbers(
    name: str, operands: tuple[str, ...], setters: dict[str, list[Instruction]]
) -> bool:
    """Whether a step belongs to the compiler's shortcut in a 64-bit division of small numbers.

    It divides in 32 bits where both numbers fit; the remainder is ``a - (a / b) * b``.
    """
    names = [{setter.name for setter in setters[operand]} for operand in operands]
    if name in ("div.u32", "rem.u32"):
        return all(found == {"cvt.u32.u64"} for found in names)
    if name == "mul.lo.s32":
        return names[0] == {"div.u32"}
    return (
        name == "sub.s32"
        and names[1] == {"mul.lo.s32"}
        and any(
            setters[operand] and setters[operand][0].name == "div.u32"
            for operand in setters[operands[1]][0].operands
        )
    )


def narrow_addresses(text: str) -> list[str]:
    """32-bit arithmetic that an address of global memory is computed from.

    Only thread and block numbers and sizes may be 32 bits wide, and only until they are multiplied
    into 64 bits. A loaded value is followed no further: its own address is looked at by itself. Nor
    is a count of bits, which is at most 64.
    """
    setters: dict[str, list[Instruction]] = defaultdict(list)
    pending: list[str] = []
    for instruction in instructions(text):
        for register in instruction.sets:
            setters[register].append(instruction)
        if instruction.name.startswith(_MEMORY):
            for operand in instruction.operands:
                if operand.startswith("["):
                    pending += _REGISTER.findall(operand)
            if instruction.name.startswith(("st.", "red.")):
                continue
    found, seen = [], set()
    while pending:
        register = pending.pop()
        if register in seen:
            continue
        seen.add(register)
        for name, _, operands in setters[register]:
            if name.startswith(("ld.", "atom.")):
                continue
            if name == "popc.b64" or _divides_small_numbers(name, operands, setters):
                continue
            if register.startswith("%r") and not register.startswith("%rd"):
                plain = name.startswith(("mov.", "cvt.")) and all(
                    _SPECIAL.fullmatch(operand) or _REGISTER.fullmatch(operand)
                    for operand in operands
                )
                if not plain:
                    found.append(f"{name} {register}, {', '.join(operands)}")
            followed = operands
            if name.startswith(("shl.", "shr.")):
                followed = operands[:1]  # a shift's width is no address
            elif name.startswith("selp."):
                followed = operands[:2]
            for operand in followed:
                pending += [r for r in _REGISTER.findall(operand) if not r.startswith("%p")]
    return found
