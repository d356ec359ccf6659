"""Files that others may have put where they are: read only if they are files, and of a size to be read.

A link of a repository can lead to a device that has no end, or to a pipe that nobody writes to. Pure.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

LARGEST = 1 << 27
"""Bytes of a file that is read as a whole; an answer about 5,000 layers has some 5 million."""
_LARGEST_DIGESTED = 1 << 34
_CHUNK = 1 << 20
_HOW = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def content(path: str | Path, largest: int = LARGEST) -> bytes:
    """Return what a file has. Raises ``OSError``, also for what is no file or too large."""
    with opened(path) as file:
        data = file.read(largest + 1)
    if len(data) > largest:
        raise OSError(f"it has more than {largest >> 20} MB")
    return data


def text(path: str | Path) -> str:
    """Return a file's UTF-8 text, line ends made alike, without a byte order mark.

    Raises ``OSError``, ``UnicodeDecodeError``.
    """
    return content(path).decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")


def digest(path: str | Path) -> str:
    """Return the SHA-256 of a file's content; empty where it can't be read."""
    return _digest(path, _chunks)


def text_digest(path: str | Path) -> str:
    """Return the SHA-256 of a file, whatever ends its lines; empty where it can't be read."""
    return _digest(path, _lines)


def opened(path: str | Path) -> BinaryIO:
    """Open a file, without waiting for a pipe's other end. Raises ``OSError``."""
    file = os.fdopen(os.open(path, _HOW), "rb")
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise OSError("it is no file")
    return file


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file so that others see all of it or nothing. Raises ``OSError``."""
    import secrets  # no-op builds write nothing

    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}.tmp")
    try:
        temporary.write_bytes(data)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _digest(path: str | Path, parts: Callable[[BinaryIO], Iterator[bytes]]) -> str:
    total = hashlib.sha256()
    try:
        with opened(path) as file:
            if os.fstat(file.fileno()).st_size > _LARGEST_DIGESTED:
                return ""
            for part in parts(file):
                total.update(part)
    except (OSError, ValueError):
        return ""
    return total.hexdigest()


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    while chunk := file.read(_CHUNK):
        yield chunk


def _lines(file: BinaryIO) -> Iterator[bytes]:
    rest = b""
    for chunk in _chunks(file):
        data = rest + chunk
        rest = b"\r" if data.endswith(b"\r") else b""
        yield data[: len(data) - len(rest)].replace(b"\r\n", b"\n")
    yield rest
