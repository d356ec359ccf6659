"""The options of conf.py: each is documented, can be set with -D, and keeps its default if set wrongly."""

from __future__ import annotations

from dataclasses import fields
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as patience
from hypothesis import strategies as st
from sphinx.config import Config, check_confval_types

from sphinx_kerasshape.config import PREFIX, Settings, options, settings

PATIENT = patience(deadline=None, suppress_health_check=[HealthCheck.too_slow])
NAMES = [one.name for one in fields(Settings)]


def conf(**values: object) -> Any:
    """Return what a conf.py with some options gives: the others as they are by default."""
    defaults = {name: default for name, default, _, _ in options()}
    return SimpleNamespace(**{**defaults, **{PREFIX + name: value for name, value in values.items()}})


def test_defaults() -> None:
    assert settings(conf()) == (Settings(), [])


@pytest.mark.parametrize("name", NAMES)
def test_every_option_is_documented(name: str) -> None:
    (option,) = (one for one in fields(Settings) if one.name == name)
    assert option.metadata["help"].endswith(".")
    assert PREFIX + name in [registered for registered, *_ in options()]


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("prelude", "import keras", "import keras"),
        ("columns", "layer,params", ("layer", "params")),
        ("weights", "real", "real"),
        ("provenance", "1", True),
        ("timeout", "5", 5),
        ("jobs", "3", 3),
        ("executor", "spawn", "spawn"),
        ("python", "python3", "python3"),
        ("environment", "HOME,A=b", ("HOME", "A=b")),
        ("cache_dir", "../cache", "../cache"),
    ],
)
def test_command_line(name: str, text: str, value: object) -> None:
    assert name in NAMES
    config = Config({}, {PREFIX + name: text})
    for option in options():
        config.add(*option)
    read, problems = settings(config)
    assert problems == []
    assert read == Settings(**{name: value})


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("timeout", 0, "kerasshape_timeout must be at least 1, not 0; it stays 60"),
        ("jobs", -1, "kerasshape_jobs must be at least 0, not -1; it stays 0"),
        (
            "environment",
            ["HOME", 1],
            "kerasshape_environment must be a list of strings, not of 1; it stays ()",
        ),
        (
            "columns",
            ["layer", "ouput"],
            "kerasshape_columns can have layer, type, input, output, params, trainable, formula, bytes, "
            "flops, weights, dtype, "
            "connected, not 'ouput'; it stays ()",
        ),
    ],
)
def test_a_wrong_value(name: str, value: object, message: str) -> None:
    assert settings(conf(**{name: value})) == (Settings(), [message])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("timeout", "60"),
        ("timeout", 1.5),
        ("timeout", True),
        ("provenance", "yes"),
        ("environment", "HOME"),
        ("environment", None),
        ("prelude", None),
        ("executor", "threads"),
        ("weights", ""),
    ],
)
def test_what_sphinx_says_itself_is_not_said_twice(
    name: str, value: object, caplog: pytest.LogCaptureFixture
) -> None:
    assert settings(conf(**{name: value})) == (Settings(), [])
    config = Config({PREFIX + name: value})
    for option in options():
        config.add(*option)
    with caplog.at_level("WARNING", "sphinx"):
        check_confval_types(None, config)
    (record,) = caplog.records
    assert PREFIX + name in record.getMessage()


ANYTHING = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.text() | st.integers())
)


@PATIENT
@given(st.dictionaries(st.sampled_from(NAMES), ANYTHING))
def test_any_value(values: dict[str, object]) -> None:
    read, problems = settings(conf(**values))
    assert {problem.split()[0].removeprefix(PREFIX) for problem in problems} <= values.keys()
    for option in fields(Settings):
        value, new = values.get(option.name), getattr(read, option.name)
        assert type(new) is type(option.default)
        # An option may have a cautious value, besides its default, where the given one is unusable.
        cautious = option.metadata.get("unusable", "")
        assert new in (option.default, cautious, tuple(value) if isinstance(value, list) else value)
    assert settings(conf(**vars(read))) == (read, [])


def test_children() -> None:
    assert Settings(jobs=3).children == 3
    assert Settings(jobs=0).children >= 1
