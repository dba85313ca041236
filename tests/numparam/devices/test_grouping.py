import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from numparam.devices.grouping import Row, grouped
from numparam.devices.host import HostBackend

BACKENDS = [HostBackend(), HostBackend("reference")]
DTYPES = [np.float32, np.float16]


@given(
    rows=st.lists(
        st.tuples(st.integers(0, 1), st.integers(0, 1), st.integers(0, 5), st.integers(0, 1))
    ),
    by_dtype=st.booleans(),
)
def test_every_buffer_is_in_one_group_of_its_device_place_and_dtype(rows, by_dtype):
    arrays = {
        (backend, number): np.zeros(2, DTYPES[number % 2])
        for backend in range(2)
        for number in range(6)
    }
    given_rows = [
        Row(BACKENDS[backend], (arrays[backend, number], np.zeros(2, DTYPES[second])), place)
        for backend, place, number, second in rows
    ]
    groups = grouped(given_rows, by_dtype)
    firsts = [id(buffers[0]) for group in groups for buffers in group.rows]
    assert sorted(firsts) == sorted({id(row.buffers[0]) for row in given_rows})
    keys = set()
    for group in groups:
        assert group.positions == sorted(group.positions)
        members = [given_rows[position] for position in group.positions]
        assert all(row.buffers is buffers for row, buffers in zip(members, group.rows, strict=True))
        found = {
            (id(row.backend), row.place)
            + (tuple(buffer.dtype for buffer in row.buffers) if by_dtype else ())
            for row in members
        }
        assert len(found) == 1
        assert not found & keys
        keys |= found
