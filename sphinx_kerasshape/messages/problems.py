"""Every problem that a build can report."""

from __future__ import annotations

from enum import StrEnum


class Problem(StrEnum):
    """A kind of problem. Its value is the subtype of the warning, ``kerasshape.VALUE``."""

    OPTION = "option"
    NAME = "name"
    FILE = "file"
    SYNTAX = "syntax"
    CODE = "code"
    RAISES = "raises"
    SESSION = "session"
    MODEL = "model"
    UNBUILT = "unbuilt"
    TIMEOUT = "timeout"
    LIMIT = "limit"
    CRASH = "crash"
    NETWORK = "network"
    WORKER = "worker"
    DECLARED = "declared"
    UNTRACKED = "untracked"
    CODE_WARNING = "code_warning"
    REF = "ref"
    CLAIM = "claim"
    LINT = "lint"
    CACHE = "cache"
    TENSORFLOW = "tensorflow"
    LOCK = "lock"


OF_CODE = (
    *(Problem.OPTION, Problem.FILE, Problem.SYNTAX, Problem.CODE, Problem.RAISES, Problem.MODEL),
    *(Problem.UNBUILT, Problem.TIMEOUT, Problem.LIMIT, Problem.CRASH, Problem.WORKER),
)
"""The problems that a process which ran a model's code may report; no others are believed."""
HELP = {
    Problem.OPTION: "An option or argument of a directive, or a setting of ``conf.py``, can't be used; or a "
    "directive is written so that it is a comment or text.",
    Problem.NAME: "A model has no name, one that can't be used, or the name of another model.",
    Problem.FILE: "The file that ``:file:`` names can't be used.",
    Problem.SYNTAX: "The code is not Python.",
    Problem.CODE: "The code raised an exception that the page does not expect.",
    Problem.RAISES: "The code did not raise the exception that ``:raises:`` names.",
    Problem.SESSION: "An earlier block of the session failed, so this one was not run. Only "
    "``kerasshape-check`` and ``kerasshape-lock`` report this: elsewhere the failure itself is the warning.",
    Problem.MODEL: "It is not clear which object of the code is the model.",
    Problem.UNBUILT: "Keras does not know the shapes of the model.",
    Problem.TIMEOUT: "The code ran longer than ``kerasshape_timeout``.",
    Problem.LIMIT: "The code used more memory or processes than ``kerasshape_memory`` and "
    "``kerasshape_processes`` allow.",
    Problem.CRASH: "The process that ran the code died, or gave no usable answer.",
    Problem.NETWORK: "``kerasshape_network`` is ``False``, but the system can't take the network away.",
    Problem.WORKER: "TensorFlow can't be run at all.",
    Problem.DECLARED: "A layer declares another shape or dtype than its call gives, which the page shows.",
    Problem.UNTRACKED: "The model calls a layer that Keras does not track, so its weights don't count.",
    Problem.CODE_WARNING: "The code works, but caused a warning of Python or of a library "
    "(``kerasshape_code_warnings``).",
    Problem.REF: "A role, or ``keras:summary``, refers to a model, a layer or a weight that does not exist; "
    "or a role is written as in the other markup, reST or Markdown.",
    Problem.CLAIM: "The page states a value that can't be read, or that TensorFlow does not confirm.",
    Problem.LINT: "Prose mentions a shape or a count that no model on the page has (``kerasshape_lint``).",
    Problem.CACHE: "An answer could not be stored for the next build, or a stored one is damaged.",
    Problem.TENSORFLOW: "TensorFlow is not installed, or must not run, and there is no lock.",
    Problem.LOCK: "The lock can't be used, lacks a model, or has other values than TensorFlow gives now.",
}
"""The meaning of each problem; the docs' reference is made from this table."""
REMEDY = "run sphinx-build -b kerasshape-lock where TensorFlow is installed"
"""Advice on how to bring the lock up to date."""
