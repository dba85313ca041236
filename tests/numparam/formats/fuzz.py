"""Read corrupted ``.params`` files: each is read, or refused with a FormatError, and nothing else.

Run one million variants (some minutes; numparam need not be installed)::

    python tests/numparam/formats/fuzz.py --variants 1000000 --seed 0

Each variant is a small file, golden or generated, that went through one to three corruptions: bits
flipped, cut, spliced with another file, numbers overwritten with extreme ones, bytes inserted,
removed, repeated. The process may allocate 64 MiB beyond what it has after its imports, and no
variant may allocate more than `ALLOWED_FACTOR` times its size and `ALLOWED_BASE` bytes. Every
variant is a function of the seed and its number: ``--only NUMBER`` runs a single one again.
"""

from __future__ import annotations

import argparse
import collections
import random
import struct
import sys
import tempfile
import time
import tracemalloc
from pathlib import Path

import numpy as np

try:
    from numparam import formats
except ModuleNotFoundError:  # an uninstalled checkout, started as the docstring says
    sys.path.insert(0, str(Path(__file__).resolve().parents[3]))
    from numparam import formats

from numparam.types.dtypes import DTYPE_BY_FLAG

GOLDEN = Path(__file__).resolve().parent / "golden"
MEMORY_LIMIT = 64 << 20
#: A zero-size array takes 16 bytes of a file at least, and its header some hundreds in memory.
ALLOWED_FACTOR = 50
ALLOWED_BASE = 64 << 10
LONGEST_MESSAGE = 1000
EXTREMES = sorted(
    {sign * (2**bits + step) for bits in (0, 1, 7, 15, 16, 31, 32, 33, 47, 60, 62, 63)
     for step in (-1, 0, 1) for sign in (1, -1)} | {3, 4, 5, 8, 12, 13, 33, 64, 99}
)  # fmt: skip
MAGICS = [struct.pack("<I", 0xF993FAC8 + version) for version in range(3)]
STRANGERS = [b"<html>", b"version https://git-lfs", b"PK\3\4", b"\x1f\x8b", b"\x80\2", b"\x93NUMPY"]


def seed_files() -> list[bytes]:
    """The files to be corrupted: the golden ones, and one of each dtype, storage and version."""
    files = [path.read_bytes() for path in sorted(GOLDEN.glob("*.params"))]
    dense, sparse = [], []
    for dtype in DTYPE_BY_FLAG.values():
        values = np.arange(6).astype(dtype)
        dense.append(formats.DenseRecord(values.reshape(2, 3), 2, 1))
        sparse.append(formats.RowSparseRecord((9, 3), values.reshape(2, 3), np.array([0, 8])))
        indptr, columns = np.array([0, 2, 2, 6]), np.array([0, 3, 0, 1, 2, 3])
        sparse.append(formats.CSRRecord((3, 4), values, indptr, columns))
    names = [f"layer{index}_weight" for index in range(len(dense))]
    files.append(formats.dumps(names, dense))
    files += [formats.dumps(["x"], [record]) for record in sparse]
    files.append(formats.dumps(None, sparse[:4]))
    # No MXNet saves sparse arrays under np_shape, where () is a shape.
    files += [formats.dumps(None, [record]).replace(*MAGICS[1:]) for record in sparse[:2]]
    scalars = [formats.DenseRecord(np.array(index, np.float32)) for index in range(40)]
    files.append(formats.dumps([f"重み{index}" for index in range(40)], scalars, np_shape=True))
    files.append(formats.dumps(None, [formats.DenseRecord(np.zeros((0, 3)))] * 60))
    files.append(formats.dumps(["big"], [formats.DenseRecord(np.ones((64, 64), np.float32))]))
    return files


def make_variant(files: list[bytes], seed: int, number: int) -> bytes:
    """Corrupt one of `files`, always in the same way for the same seed and number."""
    chance = random.Random(seed * 2**40 + number)
    contents = bytearray(chance.choice(files))
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        chance.choice(CORRUPTIONS)(contents, chance, files)
    return bytes(contents)


def _place(contents: bytearray, chance: random.Random) -> int:
    # Headers are at the beginning of small files; large data should not take all the hits.
    limit = len(contents) if chance.random() < 0.5 else min(len(contents), 120)
    place = chance.randrange(limit + 1)
    return place - place % 4 if chance.random() < 0.7 else place


def flip_bits(contents: bytearray, chance: random.Random, _: list[bytes]) -> None:
    for _ in range(chance.choice((1, 1, 2, 8))):
        if contents:
            contents[chance.randrange(len(contents))] ^= 1 << chance.randrange(8)


def cut(contents: bytearray, chance: random.Random, _: list[bytes]) -> None:
    del contents[_place(contents, chance) :]


def overwrite_number(contents: bytearray, chance: random.Random, _: list[bytes]) -> None:
    size = chance.choice((4, 4, 8))
    value = chance.choice(EXTREMES) % 2 ** (8 * size)
    place = _place(contents, chance)
    contents[place : place + size] = value.to_bytes(size, "little")


def overwrite_magic(contents: bytearray, chance: random.Random, _: list[bytes]) -> None:
    place = 24 if chance.random() < 0.5 else _place(contents, chance)
    contents[place : place + 4] = chance.choice(MAGICS)


def splice(contents: bytearray, chance: random.Random, files: list[bytes]) -> None:
    other = chance.choice(files)
    begin = chance.randrange(len(other))
    contents[_place(contents, chance) :] = other[begin:]


def insert(contents: bytearray, chance: random.Random, _: list[bytes]) -> None:
    place = _place(contents, chance)
    contents[place:place] = chance.randbytes(chance.choice((1, 4, 8, 32)))


def remove(contents: bytearray, chance: random.Random, _: list[bytes]) -> None:
    place = _place(contents, chance)
    del contents[place : place + chance.choice((1, 4, 8, 32))]


def repeat(contents: bytearray, chance: random.Random, _: list[bytes]) -> None:
    place = _place(contents, chance)
    contents[place:place] = contents[place : place + chance.choice((4, 8, 48))]


def masquerade(contents: bytearray, chance: random.Random, _: list[bytes]) -> None:
    stranger = chance.choice(STRANGERS)
    if chance.random() < 0.2:
        contents[: len(stranger)] = stranger


CORRUPTIONS = (
    flip_bits,
    cut,
    overwrite_number,
    overwrite_number,
    overwrite_number,
    overwrite_magic,
    splice,
    insert,
    remove,
    repeat,
    masquerade,
)


def read_outcome(source: object, errors: str = "strict") -> tuple[str, object]:
    """Read `source`; return ``('read', records)`` or the error's class name and offset."""
    try:
        return "read", formats.read(source, errors=errors)
    except formats.FormatError as error:
        message = str(error)
        if len(message) > LONGEST_MESSAGE or not message.isprintable():
            raise AssertionError(f"not a message for a terminal: {message!r}") from error
        return type(error).__name__, error.offset


def check_variant(contents: bytes, number: int, path: Path) -> str:
    """Read one variant in every way; raise AssertionError if something does not hold."""
    tracemalloc.reset_peak()
    before = tracemalloc.get_traced_memory()[0]
    kind, result = read_outcome(contents)
    allocated = tracemalloc.get_traced_memory()[1] - before
    allowed = ALLOWED_FACTOR * len(contents) + ALLOWED_BASE
    if allocated > allowed:
        raise AssertionError(f"{allocated} bytes allocated for a file of {len(contents)}")
    if kind == "NameEncodingError":
        # Whatever the names are, the arrays can be had.
        escaped, result_of_any = read_outcome(contents, "surrogateescape")
        if escaped != "read":
            raise AssertionError(f"names of any bytes: {escaped} {result_of_any}")
        check_records(*result_of_any, len(contents))
    if kind == "read":
        check_records(*result, len(contents))
        check_together(contents, result[1])
        headers = formats.read_headers(contents)[1]
        if [header.shape for header in headers] != [record.shape for record in result[1]]:
            raise AssertionError("the headers are not those of the arrays")
    if number % 20 == 0:
        path.write_bytes(contents)
        with open(path, "rb") as file:
            for source in (path, file):
                again, found = read_outcome(source)
                if again != kind or (kind != "read" and found != result):
                    raise AssertionError(
                        f"from memory {kind} {result}, from {source} {again} {found}"
                    )
    return kind


def check_records(names: list[str] | None, records: list[formats.Record], size: int) -> None:
    """What was read fits in the file, and can be written and read again if MXNet could."""
    if sum(record.data.nbytes for record in records) > size:
        raise AssertionError("more values than the file has bytes")
    contents = formats.dumps(names, records, np_shape=len(records) % 2 == 0)
    names_again, records_again = formats.read(contents, errors="surrogateescape")
    if names_again != (names or None):
        raise AssertionError(f"the names {names} became {names_again}")
    for record, again in zip(records, records_again, strict=True):
        if record.data.tobytes() != again.data.tobytes() or record.shape != again.shape:
            raise AssertionError("the values changed on their way through a file")


def check_together(contents: bytes, records: list[formats.Record]) -> None:
    """Dense arrays that are read together are those that are read one by one."""
    with formats.ParamsReader(contents) as reader:
        pairs = [
            (header, np.empty(header.shape, header.dtype))
            for header in reader.headers
            if header.storage == "default"
        ]
        reader.read_many(pairs)
        together = iter(pairs)
        for header, record in zip(reader.headers, records, strict=True):
            if header.storage == "default" and next(together)[1].tobytes() != record.data.tobytes():
                raise AssertionError(f"other values when read together: {header}")


def limit_memory() -> str:
    """Let the process grow by `MEMORY_LIMIT` and no more, where the system can."""
    try:
        import resource

        pages = int(Path("/proc/self/statm").read_text().split()[0])
    except (ImportError, OSError):
        return "no memory limit on this system"
    limit = pages * resource.getpagesize() + MEMORY_LIMIT
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    return f"address space limited to the present {limit - MEMORY_LIMIT >> 20} MiB and 64 more"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--variants", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", type=int, help="run this one variant, and show its bytes")
    options = parser.parse_args()
    files = seed_files()
    numbers = range(options.variants) if options.only is None else [options.only]
    outcomes: collections.Counter[str] = collections.Counter()
    print(f"{len(numbers)} variants of {len(files)} files, seed {options.seed}; {limit_memory()}")
    tracemalloc.start()
    begin = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "variant.params")
        for number in numbers:
            contents = make_variant(files, options.seed, number)
            if options.only is not None:
                print(contents.hex(), read_outcome(contents))
            try:
                outcomes[check_variant(contents, number, path)] += 1
            except BaseException:
                print(f"FAILED at variant {number}: --seed {options.seed} --only {number}")
                raise
    for kind, count in outcomes.most_common():
        print(f"{count:9} {kind}")
    print(f"passed: {sum(outcomes.values())} variants in {time.monotonic() - begin:.0f} s")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
