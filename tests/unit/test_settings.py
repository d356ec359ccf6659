"""The options of conf.py: each is documented, can be set with -D, and keeps its default if set wrongly."""

from __future__ import annotations

import os
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sphinx.config import Config, check_confval_types

from sphinx_kerasshape.extension import registrations
from sphinx_kerasshape.messages.codec import fingerprint
from sphinx_kerasshape.run.launch import launch
from sphinx_kerasshape.settings.settings import PREFIX, Settings, declarations, read_settings, settle

DECLARED = {name: (default, setting) for name, default, setting in declarations()}


def conf(**values: object) -> Any:
    """Return what a conf.py with some options gives: the others as they are by default."""
    defaults = {name: default for name, default, _, _ in registrations()}
    return SimpleNamespace(**{**defaults, **{PREFIX + name: value for name, value in values.items()}})


def registered(conf: dict[str, Any], overrides: dict[str, Any] | None = None) -> Config:
    """Return the config of a conf.py and a command line."""
    config = Config(conf, overrides)
    for option in registrations():
        config.add(*option)
    return config


def test_defaults() -> None:
    assert read_settings(conf()) == (Settings(), [])


@pytest.mark.parametrize("name", DECLARED)
def test_every_option_is_documented(name: str) -> None:
    assert DECLARED[name][1].help.endswith(".")
    assert PREFIX + name in [registered for registered, *_ in registrations()]


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("prelude", "import keras", "import keras"),
        ("columns", "layer,params", ("layer", "params")),
        ("weights", "real", "real"),
        ("provenance", "1", True),
        ("network", "0", False),
        ("timeout", "5", 5),
        ("jobs", "3", 3),
        ("executor", "spawn", "spawn"),
        ("python", "python3", "python3"),
        ("environment", "HOME,A=b", ("HOME", "A=b")),
        ("cache_dir", "../cache", "../cache"),
    ],
)
def test_command_line(name: str, text: str, value: object) -> None:
    assert name in DECLARED
    config = registered({}, {PREFIX + name: text})
    assert settle(config) == []
    read, problems = read_settings(config)
    assert problems == []
    assert read == Settings(**{name: value})


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("timeout", 0, "kerasshape_timeout must be at least 1, not 0; using the default, 60"),
        ("timeout", 86_401, "kerasshape_timeout must be at most 86400, not 86401; using the default, 60"),
        ("timeout", True, "kerasshape_timeout must be a whole number, not True; using the default, 60"),
        ("weights", ["real"], "kerasshape_weights must be a string, not ['real']; using the default, 'auto'"),
        ("weights", "", "kerasshape_weights must be 'auto' or 'real', not ''; using the default, 'auto'"),
        (
            "environment",
            "HOME",
            "kerasshape_environment must be a list of strings, not 'HOME'; using the default, []",
        ),
        (
            "environment",
            ["=x"],
            "kerasshape_environment can only have NAME or NAME=value, not '=x'; using the default, []",
        ),
        (
            "lockfile",
            "",
            "kerasshape_lockfile must be the path of a file, not ''; "
            "using the default, 'kerasshape.lock.json'",
        ),
        ("jobs", -1, "kerasshape_jobs must be at least 0, not -1; using the default, 0"),
        (
            "environment",
            ["HOME", 1],
            "kerasshape_environment must be a list of strings, but contains 1; using the default, []",
        ),
        (
            "cache_dir",
            "a\0b",
            "kerasshape_cache_dir can't have the character '\\x00', as in 'a\\x00b'; using the default, ''",
        ),
        (
            "columns",
            ["layer", "ouput"],
            "kerasshape_columns can only have 'layer', 'type', 'input', 'output', 'params', 'trainable', "
            "'formula', 'bytes', 'flops', 'weights', 'dtype' or 'connected', not 'ouput'; "
            "using the default, []",
        ),
    ],
)
def test_a_wrong_value(name: str, value: object, message: str) -> None:
    assert read_settings(conf(**{name: value})) == (Settings(), [message])


def test_a_number_too_long_to_be_written() -> None:
    message = "kerasshape_timeout must be at most 86400, not this int; using the default, 60"
    assert read_settings(conf(timeout=10**5000)) == (Settings(), [message])


@pytest.mark.parametrize(
    ("name", "value", "message", "read"),
    [
        ("network", "no", "kerasshape_network must be True or False, not 'no'; using False", False),
        ("network", 2, "kerasshape_network must be True or False, not 2; using False", False),
        (
            "execution",
            "Auto",
            "kerasshape_execution must be 'auto', 'locked' or 'off', not 'Auto'; using 'off'",
            "off",
        ),
        (
            "execution",
            ["auto"],
            "kerasshape_execution must be a string, not ['auto']; using 'off'",
            "off",
        ),
    ],
)
def test_a_wrong_value_that_must_run_nothing(name: str, value: object, message: str, read: object) -> None:
    assert read_settings(conf(**{name: value})) == (Settings(**{name: read}), [message])


@pytest.mark.parametrize("name", ["network", "lint", "provenance", "check_cached"])
@pytest.mark.parametrize(("value", "read"), [(0, False), (1, True), ("0", False), ("1", True)])
def test_numbers_for_truth(name: str, value: object, read: bool) -> None:
    config = registered({PREFIX + name: value})
    assert settle(config) == []
    assert read_settings(config) == (Settings(**{name: read}), [])


def as_read(default: object, value: Any) -> object:
    """Return a good value as the code reads it."""
    if isinstance(default, bool | None) and value in ("0", "1"):
        return value == "1"
    return tuple(value) if isinstance(value, list) else value


ENDLESS: list[object] = []
ENDLESS.append(ENDLESS)
ABSURD: list[Any] = [
    *(
        None,
        [],
        {},
        (),
        set(),
        -1,
        0,
        1,
        10**30,
        True,
        1.5,
        float("nan"),
        object(),
        Path,
        len,
    ),
    *("x", "", "0", b"x", "=x", "x" * 10**6, Path("x")),
    *(
        [None],
        [[]],
        [""],
        ["=x"],
        ["auto"],
        ["x"],
        ENDLESS,
        {"x": 1},
        range(3),
    ),
]


@pytest.mark.parametrize("name", DECLARED)
def test_absurd_values(name: str, caplog: pytest.LogCaptureFixture) -> None:
    default, setting = DECLARED[name]
    instead = default if setting.unusable is None else setting.unusable
    for value in ABSURD:
        config = registered({PREFIX + name: value})
        problems = settle(config)
        read, later = read_settings(config)
        if problems:
            (problem,) = problems
            assert problem.startswith(f"{PREFIX}{name} ")
            assert len(problem) < 600
            assert "\0" not in problem
            assert read == Settings(**{name: instead})
        else:
            assert getattr(read, name) == as_read(default, value)
        assert later == []
        with caplog.at_level("WARNING", "sphinx"):
            check_confval_types(None, config)
        assert caplog.records == []
        # What they are used for does not fail.
        fingerprint(read)
        subprocess_environment = dict(launch(read).environment)
        assert all(map(os.fsencode, subprocess_environment))
        for path in (read.cache_dir, read.lockfile, read.python, *read.file_folders):
            os.path.lexists(path)


@pytest.mark.parametrize(
    ("conf", "problems"),
    [
        (
            {"kerasshape_timout": 5},
            ["unknown setting kerasshape_timout; did you mean kerasshape_timeout?"],
        ),
        (
            {"kerasshape_zzz": None},
            [f"unknown setting kerasshape_zzz: choose from {', '.join(map(PREFIX.__add__, DECLARED))}"],
        ),
        ({"kerasshape_values": re, "kerasshape_set": len, "keras": 1, "kerasshape": 2}, []),
    ],
)
def test_misspelt_names(conf: dict[str, Any], problems: list[str]) -> None:
    assert settle(registered(conf)) == problems


def test_settings_of_other_extensions_are_known() -> None:
    config = registered({"kerasshape_more_pictures": 1})
    config.add("kerasshape_more_pictures", 0, "", int)
    assert settle(config) == []


ANYTHING = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.text() | st.integers())
)


@given(st.dictionaries(st.sampled_from([*DECLARED]), ANYTHING))
def test_any_value(values: dict[str, object]) -> None:
    read, problems = read_settings(conf(**values))
    assert {problem.split()[0].removeprefix(PREFIX) for problem in problems} <= values.keys()
    for name, (default, setting) in DECLARED.items():
        value, new = values.get(name), getattr(read, name)
        assert type(new) is type(default) or (default is None and type(new) is bool)
        # An option may have a cautious value, besides its default, where the given one is unusable.
        assert new in (default, setting.unusable, as_read(default, value))
    assert read_settings(conf(**read._asdict())) == (read, [])


def test_children() -> None:
    assert Settings(jobs=3).children == 3
    assert Settings(jobs=0).children >= 1
