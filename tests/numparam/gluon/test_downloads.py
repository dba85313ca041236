"""Files from the network: those that are there are found, and none is fetched."""

from __future__ import annotations

import hashlib

import pytest

from numparam.base import MXNetError
from numparam.gluon.utils import check_sha1, download

URL = "https://example.org/models/net.params"
CONTENTS = b"weights" * 300_000
DIGEST = hashlib.sha1(CONTENTS).hexdigest()


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "net.params"
    path.write_bytes(CONTENTS)
    return path


def test_the_digest_of_a_file_is_compared(file, tmp_path):
    assert check_sha1(file, DIGEST)
    assert not check_sha1(str(file), "0" * 40)
    with pytest.raises(FileNotFoundError):
        check_sha1(tmp_path / "absent", DIGEST)


def test_a_file_that_is_there_is_found(file, tmp_path, monkeypatch):
    assert download(URL, file) == str(file)
    assert download(URL, str(tmp_path), sha1_hash=DIGEST) == str(file)
    monkeypatch.chdir(tmp_path)
    assert download(URL) == "net.params"


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({"url": f"{URL}.gz"}, "does not exist"),
        ({"url": URL, "overwrite": True}, "overwritten"),
        ({"url": URL, "sha1_hash": "0" * 40}, "digest"),
    ],
)
def test_a_file_that_would_have_to_be_fetched_is_refused(file, tmp_path, arguments, problem):
    with pytest.raises(MXNetError, match=problem) as refusal:
        download(path=tmp_path, **arguments)
    assert isinstance(refusal.value, OSError)
    assert arguments["url"] in str(refusal.value)
    assert file.read_bytes() == CONTENTS


@pytest.mark.parametrize("kind", [ValueError, AssertionError])
def test_an_address_without_a_name_is_refused(kind):
    with pytest.raises(kind, match="path"):
        download("https://example.org/models/")
