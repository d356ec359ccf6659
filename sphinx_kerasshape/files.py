"""Files that others may have changed: read only if they are regular and not too large, written as a whole.

A link in a repository can lead to a device without an end, or to a pipe that nobody writes to.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

MAX_FILE_BYTES = 1 << 27
"""Size of a file that is read as a whole; the report of a model of 5,000 layers has some 5 million bytes."""
_MAX_DIGESTED_BYTES = 1 << 34
_CHUNK_BYTES = 1 << 20
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def read_bytes(path: str | Path, most: int = MAX_FILE_BYTES) -> bytes:
    """Return the bytes of a file. Raises ``OSError``, also if it is not regular or too large."""
    with open_regular(path) as file:
        size = os.fstat(file.fileno()).st_size
        # Python allocates as many bytes as it is asked to read.
        data = file.read(min(size, most) + 1)
    if len(data) > most:
        raise OSError(f"it has more than {most >> 20} MB")
    if len(data) > size:
        raise OSError("it grows while it is read")
    return data


def read_text(path: str | Path) -> str:
    r"""Return the UTF-8 text of a file, without a byte order mark, each line ended by ``\n``.

    Raises ``OSError``, ``UnicodeDecodeError``.
    """
    return read_bytes(path).decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")


def digest(path: str | Path) -> str:
    """Return the SHA-256 of a file; empty if it can't be read."""
    return _digest(path, text=False)


def text_digest(path: str | Path) -> str:
    r"""Return the SHA-256 of a file, with ``\r\n`` counted as ``\n``; empty if it can't be read."""
    return _digest(path, text=True)


def open_regular(path: str | Path) -> BinaryIO:
    """Open a regular file, without waiting for the other end of a pipe. Raises ``OSError``."""
    file = os.fdopen(os.open(path, _FLAGS), "rb")
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise OSError("it is not a regular file")
    return file


def relative(path: str | Path, root: Path) -> str:
    """Return a path relative to a folder; the path itself if it is on another drive."""
    try:
        return os.path.relpath(path, root)
    except ValueError:
        return str(path)


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file so that others see all of it or nothing; its mode stays. Raises ``OSError``."""
    import secrets  # no-op builds write nothing

    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}.tmp")
    try:
        temporary.write_bytes(data)
        with suppress(FileNotFoundError):
            if stat.S_ISREG(mode := path.lstat().st_mode):
                temporary.chmod(stat.S_IMODE(mode))
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _digest(path: str | Path, *, text: bool) -> str:
    total = hashlib.sha256()
    try:
        with open_regular(path) as file:
            if os.fstat(file.fileno()).st_size > _MAX_DIGESTED_BYTES:
                return ""
            for chunk in _chunks(file, text=text):
                total.update(chunk)
    except (OSError, ValueError):
        return ""
    return total.hexdigest()


def _chunks(file: BinaryIO, *, text: bool) -> Iterator[bytes]:
    r"""Yield a file's bytes in chunks; of a text, no chunk ends between ``\r`` and ``\n``."""
    while chunk := file.read(_CHUNK_BYTES):
        if text and chunk.endswith(b"\r"):
            chunk += file.readline()
        yield chunk.replace(b"\r\n", b"\n") if text else chunk
