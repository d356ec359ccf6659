"""``python -m sphinx_kerasshape fix``: what is stated becomes true, and not one byte else changes."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable

import pytest

from tests.pages.test_claims import CONF, DEFINES, MODULE, PAGES, PARTS, statements
from tests.support.projects import DEADLINE, Project, command_line
from tests.support.tiers import tiered

TRUE = re.compile(
    rb"(?<=`)2[1-9](?= <)|(?<=: )27|(?<=None, )[6-9](?=\))|(?<=     )7(?=\) <)|float16|81(?= B)"
)


def _true(found: re.Match[bytes]) -> bytes:
    stated = found[0]
    return {b"float16": b"float32", b"81": b"80"}.get(stated, b"5" if len(stated) == 1 else b"20")


def run(project: Project, *options: str) -> subprocess.CompletedProcess[str]:
    return fix(project, "source", "--cache-dir", str(project.cache), *options)


def fix(project: Project, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the command without a word on the cache."""
    return command_line(project.folder, "fix", *options)


def alone(project: Project, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the command as its users do, in a process of its own."""
    command = [sys.executable, "-m", "sphinx_kerasshape", "fix", "source", *options]
    return subprocess.run(
        command, cwd=project.folder, capture_output=True, text=True, timeout=DEADLINE, check=False
    )


def contents(project: Project) -> dict[str, bytes]:
    files = (path for path in (project.folder / "source").rglob("*") if "__pycache__" not in path.parts)
    return {path.name: path.read_bytes() for path in files if path.is_file()}


@pytest.fixture(scope="module")
def project(make_project: Callable[..., Project]) -> Project:
    """All the markups of the tests of claims, wrong at every line; one page as Windows writes it."""
    documented = {"documented.rst": "Module\n======\n\n.. automodule:: towers\n   :members:\n"}
    made = make_project({"small.rst": DEFINES["small.rst"]} | PAGES | documented, CONF)
    for name, text in PARTS.items():
        made.write(name, text)
    made.write("towers.py", MODULE)
    # Python takes what it has compiled for a source of the same size and the same second.
    os.utime(made.folder / "source" / "towers.py", (1, 1))
    page = made.folder / "source" / "page-md.md"
    page.write_bytes(page.read_bytes().replace(b"\n", b"\r\n"))
    made.build("dummy")  # Its answers are in the cache that the command is told to use.
    return made


def test_command(project: Project) -> None:
    before = contents(project)
    count = sum(len(list(statements(name, text))) for name, text in (PAGES | PARTS).items()) + 2

    checked = run(project, "--check")
    assert (checked.returncode, checked.stderr) == (1, "")
    assert checked.stdout.count(" -> ") == count
    assert contents(project) == before

    shown = run(project, "--diff")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "-    :keras:params:`22 <small>`.\n+    :keras:params:`20 <small>`.\n" in shown.stdout
    assert contents(project) == before

    done = run(project)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == checked.stdout.replace("would be", "were")
    true = PAGES["page-rst.rst"].count("`20 <small>`") + PAGES["page-md.md"].count("`20 <small>`")
    assert done.stdout.splitlines()[-1] == f"{true} statements hold, {count} were rewritten"
    assert "source/page-md.md:4: 21 -> 20\n" in done.stdout
    assert "source/towers.py:12: 22 -> 20\n" in done.stdout

    after = contents(project)
    assert {name for name in before if before[name] != after[name]} == {
        *(name.rpartition("/")[2] for name in PAGES | PARTS),
        "towers.py",
    }
    for name in before:
        if before[name] != after[name]:
            assert after[name] == TRUE.sub(_true, before[name])
    again = run(project)
    assert (again.stdout, again.stderr, again.returncode) == (f"all {true + count} statements hold\n", "", 0)
    assert contents(project) == after
    assert project.build("text", "-W").warnings == []


def test_command_says_what_it_can_not_do(make_project: Callable[..., Project]) -> None:
    page = "# Page\n\n{keras:params}`many <small>`, {keras:params}`21 <smal>`.\n"
    made = make_project({"small.rst": DEFINES["small.rst"], "page.md": page})
    made.build("dummy")
    done = run(made)
    assert done.returncode == 1
    assert "page.md:3: 'many' is not a count" in done.stderr
    assert done.stderr.count("unknown model 'smal'") == 1
    assert contents(made)["page.md"] == page.encode()
    (made.folder / "source" / "conf.py").write_text("1 / 0\n")
    broken = run(made)
    assert broken.returncode == 2
    assert "the documentation can't be built" in broken.stderr


UNCHECKED = """\
# Page

```{keras:model} small
keras.Sequential([keras.Input((3,)), layers.Dense(5)])
```

```{keras:model} failed
1 / 0
```

{keras:params}`20 <small>`
{keras:params}`21 <small>`
{keras:params}`22 <failed>`
"""


@pytest.fixture(scope="module")
def unchecked(make_project: Callable[..., Project]) -> Project:
    made = make_project({"page.md": UNCHECKED, "other.md": "# Other\n\n{keras:params}`23 <small>`\n"})
    made.build("dummy")
    return made


@pytest.mark.parametrize(
    ("options", "reason", "summary"),
    [
        (
            ["source"],
            "1 statement could not be checked (source/page.md:13): "
            "model 'failed' has no answer: ZeroDivisionError: division by zero",
            "1 statement holds, 2 would be rewritten, 1 could not be checked",
        ),
        (
            ["source", "source/page.md"],
            "1 statement could not be checked (source/page.md:13): model 'failed' has no answer: ",
            "1 statement holds, 1 would be rewritten, 1 could not be checked",
        ),
        (["source/other.md"], "", "1 statement would be rewritten"),
        (
            ["source", "-D", "kerasshape_execution=off"],
            "4 statements could not be checked (source/other.md:3, source/page.md:11, source/page.md:12, "
            "and 1 more): kerasshape_execution is 'off'",
            "4 statements could not be checked",
        ),
        (
            ["source/page.md", "-D", "kerasshape_execution=locked"],
            "3 statements could not be checked (source/page.md:11, source/page.md:12, source/page.md:13): "
            "kerasshape_execution is 'locked', but there is no kerasshape.lock.json: ",
            "3 statements could not be checked",
        ),
    ],
)
def test_statements_that_are_not_checked(
    options: list[str], reason: str, summary: str, unchecked: Project
) -> None:
    before = contents(unchecked)
    done = fix(unchecked, *options, "--check")
    assert done.returncode == 1
    assert reason in done.stderr
    assert ("could not be checked" in done.stderr) == bool(reason)
    assert done.stdout.splitlines()[-1] == summary
    assert contents(unchecked) == before


def test_a_stale_lock_checks_nothing(make_project: Callable[..., Project]) -> None:
    page = UNCHECKED.replace("1 / 0", "keras.Sequential([keras.Input((3,)), layers.Dense(6)])")
    project = make_project({"page.md": page})
    assert project.build("kerasshape-lock").status == 0
    project.write("page.md", page.replace("Dense(6)", "Dense(7)"))
    done = fix(project, "source", "-D", "kerasshape_execution=locked", "--check")
    assert done.returncode == 1
    assert (
        "1 statement could not be checked (source/page.md:13): model 'failed' has no answer: its code "
        "or options have changed since kerasshape.lock.json was written: run sphinx-build -b "
    ) in done.stderr
    assert done.stdout.splitlines()[-1] == "1 statement holds, 1 would be rewritten, 1 could not be checked"


def test_known_answers_are_used_and_what_runs_is_shown(make_project: Callable[..., Project]) -> None:
    page = UNCHECKED.replace("1 / 0", "keras.Sequential([keras.Input((3,)), layers.Dense(6)])")
    project = make_project({"page.md": page}, "exclude_patterns = ['_build']\n")
    folder = project.folder / "source" / "_build"
    first = fix(project, "source", "--check")
    assert "running models... " in first.stderr
    project.build("dummy", "-d", str(folder / ".doctrees"))
    kept = sorted(path.name for path in folder.iterdir())
    second = fix(project, "source", "--check")
    assert (second.stdout, second.stderr) == (first.stdout, "")
    assert sorted(path.name for path in folder.iterdir()) == kept


def test_lists_of_sizes_become_complete(make_project: Callable[..., Project]) -> None:
    page = """# Page

```{keras:model} m
:axes: batch, time

x = keras.Input((None, 8))
y = layers.UpSampling1D(2)(layers.MaxPooling1D(2, padding="same")(x))
model = keras.Model(x, layers.Add()([x, y]))
```

Takes {keras:axes}`time = 2, 4, 6, … <m>`, that is {keras:axes}`time = 1, 2, 4, 6, … <m>`.
"""
    project = make_project({"page.md": page})
    project.build("dummy")
    assert run(project).returncode == 0
    fixed = page.replace("time = 2,", "time = 1, 2,")
    assert (project.folder / "source" / "page.md").read_text(encoding="utf-8") == fixed


def test_no_statements_and_no_sources(make_project: Callable[..., Project]) -> None:
    project = make_project({"index.md": "# A\n"})
    done = fix(project, "source/index.md")
    assert (done.stdout, done.stderr, done.returncode) == ("there are no statements to check\n", "", 0)
    project.write("part.txt", "x")
    project.write("index.md", "# A\n\n```{include} part.txt\n```\n")
    (project.folder / "draft.md").write_text("# Draft")
    assert fix(project, "source", "source/part.txt", "source/conf.py").returncode == 0
    done = fix(project, "source", "source/index.md", "draft.md")
    assert done.stderr == "draft.md is not checked: it is no page of source, and in none of its pages\n"
    assert done.returncode == 1
    missing = fix(project, "source/none.md")
    assert missing.returncode == 2
    assert "source/none.md does not exist" in missing.stderr


def test_the_lock_is_written_anew_on_request(make_project: Callable[..., Project]) -> None:
    page = (
        "# Page\n\n```{keras:model} m\nkeras.Sequential([keras.Input((4,)), layers.Dense(5)])\n```\n\n"
        "{keras:params}`25 <m>`\n"
    )
    project = make_project({"index.md": page})
    lock = project.folder / "source" / "kerasshape.lock.json"
    assert project.build("kerasshape-lock").status == 0
    before = lock.read_bytes()
    project.write("index.md", page.replace("Dense(5)", "Dense(6)"))
    project.build("dummy")
    assert run(project).returncode == 0
    assert lock.read_bytes() == before
    assert run(project, "--lock").returncode == 0
    assert b"30" in lock.read_bytes()
    built = project.build("text", "-W")
    assert (built.warnings, built.status) == ([], 0)
    assert built.page("index.txt").endswith("30\n")


@pytest.mark.parametrize("variable", tiered(["CI", "TERM", "NO_COLOR"], quick={"TERM"}))
def test_no_colours_where_no_terminal_is(
    variable: str, make_project: Callable[..., Project], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("NO_COLOR", "NO_COLOUR", "FORCE_COLOR", "CI"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(variable, {"CI": "true", "TERM": "xterm-256color"}.get(variable, "1"))
    project = make_project({"index.md": "# A\n\n{keras:params}`3 <none>`\n"}, "kerasshape_timout = 3\n")
    done = alone(project, "--check")
    assert "unknown setting kerasshape_timout" in done.stderr
    assert "unknown model 'none'" in done.stderr
    assert "\x1b" not in done.stdout + done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudoterminals")
@pytest.mark.parametrize(("more", "colours"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_colours_on_a_terminal(
    more: dict[str, str], colours: bool, make_project: Callable[..., Project]
) -> None:
    project = make_project({"index.md": "# A\n"}, "kerasshape_timout = 3\n")
    ours, theirs = os.openpty()
    clean = {name: text for name, text in os.environ.items() if "COLO" not in name and name != "CI"}
    command = [sys.executable, "-m", "sphinx_kerasshape", "fix", str(project.folder / "source")]
    environment = {**clean, "TERM": "xterm-256color", **more}
    subprocess.run(command, check=True, stdout=theirs, stderr=theirs, env=environment)
    said = os.read(ours, 10_000).decode()
    os.close(ours)
    os.close(theirs)
    assert "unknown setting kerasshape_timout" in said
    assert ("\x1b[" in said) == colours


ODD = """\
# A

```{keras:model} é
keras.Sequential([keras.Input((4,)), layers.Dense(3)])
```

Ω {keras:params}`16 <é>`
"""
OUTPUTS = {
    # where the output goes; what is said of it
    "ascii": ("LC_ALL=C PYTHONIOENCODING=ascii {}", r"\xe9.md:7: 16 -> 15"),
    "closed": ("{} >&-", ""),
    "all closed": ("{} >&- 2>&- <&-", ""),
    "unread": ("{} | true", ""),
    "full": ("{} >/dev/full", "the output can't be written: No space left on device"),
}


@pytest.mark.skipif(sys.platform != "linux", reason="the shell's redirections")
@pytest.mark.parametrize("name", tiered(OUTPUTS, quick={"ascii", "full"}))
def test_output_that_takes_not_everything(name: str, make_project: Callable[..., Project]) -> None:
    output, says = OUTPUTS[name]
    project = make_project({"é.md": ODD, "ö.md": ODD.replace("é", "ö")})
    project.build("dummy")
    command = f"{sys.executable} -m sphinx_kerasshape fix source --cache-dir {project.cache}"
    shell = ["bash", "-o", "pipefail", "-c", output.format(command)]
    shown = ["bash", "-o", "pipefail", "-c", output.format(f"{command} --diff")]
    for asked in (shown, shell):
        done = subprocess.run(
            asked, cwd=project.folder, capture_output=True, text=True, timeout=DEADLINE, check=False
        )
        assert "Traceback" not in done.stderr
        assert done.returncode == int(name == "full")
    assert says in done.stdout + done.stderr
    for page in ("é.md", "ö.md"):
        assert "`15 <" in (project.folder / "source" / page).read_text(encoding="utf-8")
