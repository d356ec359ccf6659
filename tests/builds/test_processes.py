"""Processes of a build: the same pages however they run, and none left behind."""

from __future__ import annotations

import os
import re
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support import soak
from tests.support.projects import DEADLINE, Project, eventually, processes

linux = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")

PAGE = """
Page {number}
=============

.. keras:model:: model{number}

   model = keras.Sequential([keras.Input((None, {number})), layers.LSTM(8), layers.Dense({number})])

See :keras:layer:`model{other}/lstm`.
"""
HANGING = """
Page
====

.. keras:model:: fine

   model = keras.Sequential([keras.Input((4,)), layers.Dense(4)])

.. keras:model:: hanging

   import subprocess
   import time
   children = [subprocess.Popen(["sleep", "77"], start_new_session=False) for _ in range(2)]
   time.sleep(77)
"""


ALL_KINDS = """
Page
====

.. keras:model:: weightless

   model = keras.Sequential([keras.Input((4,)), layers.Dense(4)])

.. keras:model:: printing
   :show: output

   model = keras.Sequential([keras.Input((4,)), layers.Dense(4)])
   print(model.predict(keras.ops.ones((1, 4)), verbose=0).shape)

.. keras:model:: error
   :raises: ValueError

   layers.Dense(1, activation="relo")

.. keras:model:: crash

   import os
   os._exit(3)

.. keras:model:: hanging

   import time
   time.sleep(77)
"""


def pages(count: int) -> dict[str, str]:
    return {
        f"page{number}.rst": PAGE.format(number=number, other=number % count + 1)
        for number in range(1, count + 1)
    }


def html(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in sorted(folder.rglob("*.html"))}


@pytest.fixture(scope="module")
def serial(make_project: Callable[..., Project]) -> dict[str, str]:
    built = make_project(pages(8)).build("html", "-W")
    assert (built.warnings, built.status) == ([], 0)
    return html(built.out)


@linux
@pytest.mark.parametrize(
    ("options", "conf"),
    [
        pytest.param(["-j2"], "", id="parallel"),
        pytest.param(["-j2"], "kerasshape_jobs = 1\n", id="one job", marks=pytest.mark.slow),
        pytest.param([], "kerasshape_weights = 'real'\n", id="real weights", marks=pytest.mark.slow),
    ],
)
def test_every_way_to_run_gives_the_same_html(
    options: list[str], conf: str, serial: dict[str, str], make_project: Callable[..., Project]
) -> None:
    mark = f"KERASSHAPE_MARK={time.time_ns()}"
    project = make_project(pages(8), conf + f"kerasshape_environment = [{mark!r}]\n")
    built = project.run("html", "-W", *options)
    assert (built.warnings, built.status) == ([], 0)
    assert html(built.out) == serial
    assert processes(mark) == {}


@pytest.mark.slow
def test_without_fork_the_answers_are_the_same(make_project: Callable[..., Project]) -> None:
    """A system that can't fork: the same pages, the same warnings."""
    texts = []
    for executor in ("fork", "spawn"):
        conf = f"kerasshape_executor = {executor!r}\nkerasshape_timeout = 10\n"
        built = make_project({"index.rst": ALL_KINDS}, conf).run("text")
        # The line that ran when the time was over is known where processes fork.
        warnings = [
            re.sub(r"\n  .*(?= \[kerasshape)", "", warning.partition("WARNING: ")[2])
            for warning in built.warnings
        ]
        texts.append((built.page("index.txt"), warnings))
    assert texts[0] == texts[1]
    assert len(texts[0][1]) == 2


@linux
@pytest.mark.slow
def test_a_warm_parallel_build_starts_no_tensorflow(make_project: Callable[..., Project]) -> None:
    project = make_project(pages(8))
    cold = project.run("html", "-W", "-j2")
    warm = project.run("html", "-W", "-j2", "-E", "-a")
    assert "running models" in cold.said
    assert "running models" not in warm.said
    assert warm.warnings == []


@linux
@pytest.mark.parametrize(
    ("number", "moment"),
    [
        pytest.param(signal.SIGTERM, 0.4, id="starting"),
        pytest.param(signal.SIGTERM, 1.5, id="importing", marks=pytest.mark.slow),
        pytest.param(signal.SIGINT, None, id="Ctrl-C while running"),
        pytest.param(signal.SIGKILL, None, id="killed while running", marks=pytest.mark.slow),
    ],
)
def test_an_interrupted_build_leaves_no_process(
    number: signal.Signals, moment: float | None, make_project: Callable[..., Project]
) -> None:
    """Ctrl-C, SIGTERM and SIGKILL while TensorFlow is imported or models run: no process is left."""
    mark = f"KERASSHAPE_MARK={time.time_ns()}"
    name, _, value = mark.partition("=")
    project = make_project({"index.rst": HANGING}, f"kerasshape_environment = [{mark!r}]\n")
    build = project.start("html", **{name: value})
    if moment is None:
        # Sphinx, the worker, and the child with its own two.
        assert eventually(lambda: len(processes(mark)) >= 5)
    else:
        time.sleep(moment)
    build.send_signal(number)
    assert build.wait(DEADLINE) != 0
    assert eventually(lambda: not processes(mark)), processes(mark)


@linux
@pytest.mark.slow
def test_a_hanging_model_costs_its_deadline_and_nothing_else(make_project: Callable[..., Project]) -> None:
    mark = f"KERASSHAPE_MARK={time.time_ns()}"
    conf = f"kerasshape_environment = [{mark!r}]\nkerasshape_timeout = 6\n"
    built = make_project({"index.rst": HANGING}, conf).run("html")
    assert [warning.split("WARNING: ")[1].partition("\n")[0] for warning in built.warnings] == [
        "model 'hanging': the code ran for more than 6 s (kerasshape_timeout) and was stopped: "
        "make it faster, or set a higher kerasshape_timeout in conf.py"
    ]
    assert '<span class="pre">(None,</span> <span class="pre">4)</span>' in built.page("index.html")
    assert processes(mark) == {}


PHASES = """
import os, time
from pathlib import Path
def announce(phase):
    def reached(*_):
        if os.environ.get("PHASE") == phase:
            Path(os.environ["REACHED"]).touch()
            time.sleep(20)
    return reached
def setup(app):
    for event in ("builder-inited", "source-read", "env-updated", "doctree-resolved", "build-finished"):
        app.connect(event, announce(event), priority=999)
"""


@linux
@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "phase"),
    [
        *(
            (signal.SIGINT, phase)
            for phase in ("source-read", "running", "doctree-resolved", "build-finished")
        ),
        *((signal.SIGTERM, phase) for phase in ("builder-inited", "source-read", "running", "env-updated")),
    ],
    ids=lambda value: value.name if isinstance(value, signal.Signals) else value,
)
def test_a_build_can_be_interrupted_in_every_phase(
    phase: str, number: signal.Signals, make_project: Callable[..., Project]
) -> None:
    """Ctrl-C and SIGTERM in every phase of Sphinx: no process is left, and the next build is complete."""
    mark = f"KERASSHAPE_MARK={time.time_ns()}"
    name, _, value = mark.partition("=")
    project = make_project(
        pages(2), f"{PHASES}kerasshape_environment = [{mark!r}]\nkerasshape_sandbox = 'off'\n"
    )
    reached = project.folder / "reached"
    touch = (
        f"   open({str(reached)!r}, 'w').close()\n   import time; time.sleep(20)\n"
        if phase == "running"
        else ""
    )
    project.write(
        "slow.rst", f":orphan:\n\nSlow\n====\n\n.. keras:model:: slow\n\n{touch}   keras.Sequential()\n"
    )
    build = project.start("html", **{name: value, "PHASE": phase, "REACHED": str(reached)})
    assert eventually(reached.exists)
    build.send_signal(number)
    assert build.wait(DEADLINE) != 0
    assert eventually(lambda: not processes(mark)), processes(mark)
    (project.folder / "source" / "slow.rst").unlink()
    after = project.build("html", "-W")
    assert (after.warnings, after.status) == ([], 0)
    assert "(None, 1)" in re.sub("<.*?>", "", after.page("page1.html"))


DAEMON = """
Page
====

.. keras:model:: daemons

   import subprocess, time
   children = [subprocess.Popen(["setsid", "sleep", "{seconds}"], env={{}}) for _ in range(2)]
   time.sleep(0.5)
   open({reached!r}, "w").close()
   time.sleep(77)
"""


@linux
@pytest.mark.slow
@pytest.mark.parametrize("who", ["sphinx", "warden", "worker", "child"])
def test_daemons_do_not_survive_the_death_of(who: str, make_project: Callable[..., Project]) -> None:
    """SIGKILL for Sphinx, the warden, the worker or a child, with daemons below: no daemon is left."""
    seconds = str(86_400 + time.time_ns() % 10**9)
    project = make_project({}, "kerasshape_timeout = 5\nkerasshape_sandbox = 'off'\n")
    reached = project.folder / "reached"
    project.write("index.rst", DAEMON.format(seconds=seconds, reached=str(reached)))
    build = project.start("html")
    assert eventually(reached.exists)
    family = [build.pid]
    while len(family) < 4:
        family.append(next(pid for pid in soak.below(family[-1]) if b"__main__" in soak.command(pid)))
    daemons = [pid for pid in processes("") if f"sleep\0{seconds}".encode() in soak.command(pid)]
    assert len(daemons) == 2
    os.kill(dict(zip(("sphinx", "warden", "worker", "child"), family, strict=True))[who], signal.SIGKILL)
    build.wait(DEADLINE)
    assert eventually(lambda: not [pid for pid in daemons if b"sleep" in soak.command(pid)])
    assert eventually(lambda: not [pid for pid in family if soak.command(pid)])
