"""What to do about a refusal of the sandbox: the end of a message."""

from __future__ import annotations

import errno
import re

_REFUSED = re.compile(
    r"[Pp]ermission denied|Operation not permitted|[Ee]rrno( =)? (1|13)\b|cross-device link"
)
_SOCKETS = ("socket.py", "ssl.py", "selectors.py")
_CODES = (errno.EPERM, errno.EACCES, errno.EXDEV)


def mend(error: BaseException, *, network: bool) -> str:
    """Return how to mend an exception that a refusal has caused; empty for any other."""
    code = getattr(error, "errno", None)
    if code not in _CODES and not (isinstance(error, Exception) and _REFUSED.search(str(error))):
        return ""
    if not network and _is_of_socket(error):
        return ": the sandbox has no network; set kerasshape_network to True"
    if getattr(error, "filename", None) is None and code is not None:
        return ": the sandbox keeps code from this; set kerasshape_sandbox to 'off' if you trust the page"
    return (
        ": the sandbox lets code read the sources and installed packages, and write its working folder; "
        "kerasshape_file_folders names more folders to read"
    )


def _is_of_socket(error: BaseException) -> bool:
    """Whether an exception was raised where Python makes a socket."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace is not None and trace.tb_frame.f_code.co_filename.endswith(_SOCKETS)
