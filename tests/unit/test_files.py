"""Files that are read only if they are files, and of a size to be read."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from sphinx_kerasshape import files


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def pipe(path: Path) -> None:
    os.mkfifo(path)


def device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def loop(path: Path) -> None:
    path.symlink_to(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes")
@pytest.mark.parametrize("make", [pipe, device, loop, Path.mkdir])
def test_what_is_no_file_is_not_read(make: Callable[[Path], None], tmp_path: Path) -> None:
    path = tmp_path / "path"
    make(path)
    with pytest.raises(OSError, match=r"not a regular file|Too many levels|Is a directory"):
        files.read_bytes(path)
    assert files.digest(path) == files.text_digest(path) == ""


def test_what_is_too_large_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "path"
    path.write_bytes(b"x" * (2 << 20))
    assert files.read_bytes(path, 2 << 20) == b"x" * (2 << 20)
    with pytest.raises(OSError, match="it has more than 1 MB"):
        files.read_bytes(path, (2 << 20) - 1)
    with path.open("wb") as file:
        file.truncate((1 << 34) + 1)
    assert files.digest(path) == ""


@pytest.mark.parametrize("before", [0, 1, 2, (1 << 20) - 2, (1 << 20) - 1, 1 << 20])
def test_ends_of_lines_do_not_count(before: int, tmp_path: Path) -> None:
    path = tmp_path / "path"
    data = b"x" * before + b"\r\nb\r\rc\n\r"
    path.write_bytes(data)
    marked = tmp_path / "marked"
    marked.write_bytes(b"\xef\xbb\xbf" + data)
    assert files.digest(path) == sha(data)
    assert files.text_digest(path) == sha(data.replace(b"\r\n", b"\n"))
    assert files.read_text(path) == files.read_text(marked) == "x" * before + "\nb\n\nc\n\n"
