"""What to do about a refusal of the sandbox: the end of a message."""

from __future__ import annotations

import errno
import os
import re

_REFUSED = re.compile(
    r"[Pp]ermission denied|Operation not permitted|[Ee]rrno( =)? (1|13)\b|cross-device link"
)
_SOCKETS = ("socket.py", "ssl.py", "selectors.py")
_SHARED = (f"multiprocessing{os.sep}synchronize.py", f"multiprocessing{os.sep}shared_memory.py")
_CODES = (errno.EPERM, errno.EACCES, errno.EXDEV)
_SETTINGS = {
    "network": "set kerasshape_network to True",
    "reads": "name more folders to read in kerasshape_file_folders",
    "shared": "set kerasshape_sandbox to 'auto' if you trust the page",
    "other": "set kerasshape_sandbox to 'off' if you trust the page",
}
_OPTIONS = {
    "network": "give --network",
    "reads": "give --sandbox off if you trust the documents",
    "shared": "give --sandbox auto if you trust the documents",
    "other": "give --sandbox off if you trust the documents",
}


def mend(error: BaseException, *, network: bool, is_audit: bool = False) -> str:
    """Return how to mend an exception that a refusal has caused; empty for any other."""
    code = getattr(error, "errno", None)
    if code not in _CODES and not (isinstance(error, Exception) and _REFUSED.search(str(error))):
        return ""
    mends = _OPTIONS if is_audit else _SETTINGS
    path = getattr(error, "filename", None)
    if not network and _is_raised_in(error, _SOCKETS):
        return f": the sandbox has no network; {mends['network']}"
    if _is_raised_in(error, _SHARED):
        return f": the sandbox has no memory to share with other processes; {mends['shared']}"
    if code == errno.EPERM or (path is None and code is not None):
        return f": the sandbox keeps code from this; {mends['other']}"
    if isinstance(path, str | bytes) and _was_to_be_written(path):
        return (
            ": the sandbox lets code write its working folder only: use a path such as 'out.png', or "
            f"{mends['other']}"
        )
    return (
        ": the sandbox lets code read the sources and installed packages, and write its working folder; "
        f"{mends['reads']}"
    )


def _is_raised_in(error: BaseException, files: tuple[str, ...]) -> bool:
    """Whether an exception was raised in one of Python's modules."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace is not None and trace.tb_frame.f_code.co_filename.endswith(files)


def _was_to_be_written(path: str | bytes) -> bool:
    """Whether a path does not exist, which the sandbox lets code see, or can be read."""
    try:
        os.close(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)))
    except FileNotFoundError:
        return True
    except (OSError, ValueError):
        return not os.path.lexists(path)
    return True
