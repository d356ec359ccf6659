"""Tests of the two tiers: those that every change needs, and slow ones (``make test-all``)."""

from __future__ import annotations

from collections.abc import Container, Iterable
from typing import Any

import pytest


def slow(*values: Any) -> Any:
    """Return the values of one case, which is for the slow tier; the quick tier has another of its kind."""
    return pytest.param(*values, marks=pytest.mark.slow)


def tiered(values: Iterable[Any], quick: Container[Any]) -> list[Any]:
    """Return parameters of which all but the quick ones are for the slow tier."""
    return [pytest.param(one, marks=() if one in quick else pytest.mark.slow) for one in values]


def asked(request: pytest.FixtureRequest, parameter: str) -> list[Any]:
    """Return the values of a parameter in the tests of a module that are to run.

    A costly fixture that many tests share has to make these only.
    """
    found: dict[Any, None] = {}
    for item in request.session.items:
        parameters = (
            item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
        )
        if item.path == request.path and parameter in parameters:
            found[parameters[parameter]] = None
    return list(found)
