"""What to do about a refusal of the sandbox: the end of a message."""

from __future__ import annotations

import errno
import linecache
import os
import re
import socket
import traceback
import types

_REFUSED = re.compile(
    r"[Pp]ermission denied|Operation not permitted|[Ee]rrno( =)? (1|13)\b|cross-device link"
)
_WRITING = re.compile(r"""open\(.*,\s*(?:mode\s*=\s*)?['"][rbt]*[wax+]""")
_SOCKETS = ("socket.py", "ssl.py", "selectors.py")
_MANAGERS = (f"multiprocessing{os.sep}managers.py",)
"""Its server has a process of its own, and the socket is refused there."""
_CODES = (errno.EPERM, errno.EACCES, errno.EXDEV)
_SETTINGS = {
    "network": "set kerasshape_network to True",
    "reads": "name more folders to read in kerasshape_file_folders",
    "other": "set kerasshape_sandbox to 'off' if you trust the page",
}
_OPTIONS = {
    "network": "give --network",
    "reads": "give --sandbox off if you trust the documents",
    "other": "give --sandbox off if you trust the documents",
}


def mend(error: BaseException, *, network: bool, is_audit: bool = False) -> str:
    """Return how to mend an exception that a refusal has caused; empty for any other."""
    mends = _OPTIONS if is_audit else _SETTINGS
    if _wants_local_socket(error):
        return (
            ": the sandbox has no sockets between processes, which managers of multiprocessing need: use a "
            f"Queue, a Pipe or shared memory, or {mends['other']}"
        )
    code = getattr(error, "errno", None)
    if code not in _CODES and not (isinstance(error, Exception) and _REFUSED.search(str(error))):
        return ""
    path = getattr(error, "filename", None)
    frames = _frames(error)
    if not network and frames and frames[-1].f_code.co_filename.endswith(_SOCKETS):
        return f": the sandbox has no network; {mends['network']}"
    if code == errno.EPERM or (path is None and code is not None):
        return f": the sandbox keeps code from this; {mends['other']}"
    if isinstance(path, str | bytes) and (_was_to_be_written(path) or _opens_for_writing(frames[-1:])):
        return (
            ": the sandbox lets code write its working folder only: use a path such as 'out.png', or "
            f"{mends['other']}"
        )
    return (
        ": the sandbox lets code read the sources and installed packages, and write its working folder; "
        f"{mends['reads']}"
    )


def _wants_local_socket(error: BaseException) -> bool:
    """Whether an exception comes from a socket that is no part of the network."""
    frames = _frames(error)
    if isinstance(error, EOFError):
        return any(frame.f_code.co_filename.endswith(_MANAGERS) for frame in frames)
    if not isinstance(error, PermissionError) or not frames:
        return False
    family = frames[-1].f_locals.get("family")
    return frames[-1].f_code.co_filename.endswith(_SOCKETS) and family == getattr(socket, "AF_UNIX", None)


def _frames(error: BaseException) -> list[types.FrameType]:
    """Return the frames that an exception has passed, from the outermost to where it was raised."""
    return [frame for frame, _ in traceback.walk_tb(error.__traceback__)]


def _opens_for_writing(frames: list[types.FrameType]) -> bool:
    """Whether a file was being opened for writing, as far as the function that opened it shows."""
    for frame in frames:
        mode = frame.f_locals.get("mode") or getattr(frame.f_locals.get("self"), "mode", "")
        line = linecache.getline(frame.f_code.co_filename, frame.f_lineno)
        return bool(_WRITING.search(line) or (isinstance(mode, str) and set("wax+") & set(mode)))
    return False


def _was_to_be_written(path: str | bytes) -> bool:
    """Whether a path does not exist, which the sandbox lets code see, or can be read."""
    try:
        os.close(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)))
    except FileNotFoundError:
        return True
    except (OSError, ValueError):
        return not os.path.lexists(path)
    return True
