import pytest

from numparam.base import MXNetError
from numparam.types.storage_types import STORAGE_TYPE_IDS, storage_type_id


def test_numbers_are_those_of_the_file_format():
    assert STORAGE_TYPE_IDS == {"default": 0, "row_sparse": 1, "csr": 2}
    assert [storage_type_id(name) for name in STORAGE_TYPE_IDS] == [0, 1, 2]


@pytest.mark.parametrize("wrong", ["dense", "", 1, None, []])
@pytest.mark.parametrize("caught_as", [KeyError, ValueError, MXNetError])
def test_others_are_refused(wrong, caught_as):
    with pytest.raises(caught_as) as caught:
        storage_type_id(wrong)
    assert str(caught.value) == (
        f"Unknown storage type {wrong!r}. Use one of: default, row_sparse, csr."
    )
