"""Requests of a session."""

from __future__ import annotations

from sphinx_kerasshape.messages.request import Request
from sphinx_kerasshape.run.execution import sessions


def test_requests_of_a_session_run_together() -> None:
    one = Request("a = 1", kind="code", weights="real")
    two = Request("b = 2", earlier=(one.step(),))
    three = Request("c = 3", kind="code", earlier=(one.step(), two.step()))
    other = Request("d = 4")
    assert three.session() == (one, two, three)
    assert sessions([one, two, other, three]) == [(other,), (one, two, three)]
    assert sessions([two]) == [(one, two)]
