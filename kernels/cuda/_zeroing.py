"""The jitted body that zeroes the bytes of many arrays."""

from __future__ import annotations

from numparam.kernels.cuda._elements import block, clear_unit, load
from numparam.kernels.cuda._jit import kernel

_UNIT = 16  # bytes of one store


@kernel
def zero_chunks(table, count, chunk_bytes):
    """Zero the arrays of a table of `numparam.kernels.cuda._pointers`, one block for each chunk."""
    sizes = table + 8 * (count + 1)
    firsts = sizes + 8 * (count + 1)
    chunks = load(firsts, count, "int64")
    chunk, blocks, place, width = block()
    while chunk < chunks:
        # The last array whose first chunk is not above this one; empty arrays have none.
        array = 0
        above = count
        while above - array > 1:
            middle = (array + above) >> 1
            if load(firsts, middle, "int64") <= chunk:
                array = middle
            else:
                above = middle
        address = load(table, array, "int64")
        begin = address + (chunk - load(firsts, array, "int64")) * chunk_bytes
        end = min(begin + chunk_bytes, address + load(sizes, array, "int64"))
        # Whole units in the middle; the bytes before and after them one by one.
        head = min((begin + (_UNIT - 1)) & -_UNIT, end)
        tail = max(end & -_UNIT, head)
        i = begin + place
        while i < head:
            clear_unit(i, 0, 1)
            i += width
        i = head + _UNIT * place
        while i < tail:
            clear_unit(i, 0, 16)
            i += _UNIT * width
        i = tail + place
        while i < end:
            clear_unit(i, 0, 1)
            i += width
        chunk += blocks
