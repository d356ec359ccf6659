"""What docs/explanation/security promises: who runs what, what code sees, what data can do."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from sphinx_kerasshape.run.worker_process import Run
from sphinx_kerasshape.settings.settings import Settings
from tests.support.projects import DEADLINE, REPOSITORY, Project
from tests.support.tiers import tiered
from tests.support.workers import Borrowed, request, run_in

Make = Callable[..., Project]

MODULE = """\
import keras
open({canary!r}, 'w').close()


def model():
    return keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])


class Layer(keras.layers.Layer):
    pass
"""
PAGE = """\
# Page

```{{keras:model}} body
{touch[body]}
model = keras.Sequential([keras.Input((4,)), layers.Dense(3)])
```

```{{keras:model}} chosen
:model: [model, {touch[expression]}][0]
model = keras.Sequential([keras.Input((4,)), layers.Dense(3)])
```

```{{keras:model}} imported
:from: canaries:model()
```

```{{keras:model}} file
:file: canary.py
```

```{{keras:model}} saved
:file: saved.keras
:custom-objects: custom.Layer
```

```{{keras:code}}
:session: s
{touch[code]}
print("ran")
```

It gives {{keras:shape}}`(None, 3) <body.output>`.
"""
WAYS = (
    "body",
    "expression",
    "module",
    "file",
    "prelude",
    "saved",
    "custom",
    "code",
    "python",
    "lock",
    "cache",
)


class Canaries:
    """A project in which every way there is to run code leaves a file."""

    def __init__(self, make_project: Make, folder: Path) -> None:
        self.folder = folder
        touch = {way: f"open({self.path(way)!r}, 'w').close()" for way in WAYS}
        self.touch = touch
        prelude = f"import tensorflow as tf, keras\nfrom keras import layers\n{touch['prelude']}"
        conf = (
            "import sys\nfrom pathlib import Path\nsys.path.insert(0, str(Path(__file__).parent))\n"
            f"kerasshape_prelude = {prelude!r}\nkerasshape_sandbox = 'off'\n"
        )
        self.project = make_project({"index.md": PAGE.format(touch=touch)}, conf)
        self.project.write("canaries.py", MODULE.format(canary=self.path("module")))
        self.project.write("custom.py", MODULE.format(canary=self.path("custom")))
        self.project.write(
            "canary.py",
            f"{touch['file']}\nmodel = keras.Sequential([keras.Input((4,)), layers.Dense(3)])\n",
        )
        save(self.project.folder / "source" / "saved.keras", touch["saved"])

    def path(self, way: str) -> str:
        return str(self.folder / way)

    def seen(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir())


def save(path: Path, code: str) -> None:
    """Save a model with a Lambda layer whose function runs code, as an attacker would."""
    program = (
        "import keras\nkeras.config.enable_unsafe_deserialization()\n"
        'function = lambda x: x + len([exec("CODE")])\n'.replace("CODE", code.replace('"', '\\"'))
        + "model = keras.Sequential([keras.Input((4,)), keras.layers.Lambda(function, output_shape=(4,))])\n"
        f"model.save({path.name!r})\n"
    )
    run_in(path.parent, program)
    assert zipfile.is_zipfile(path)


@pytest.fixture(scope="module")
def canaries(make_project: Make, tmp_path_factory: pytest.TempPathFactory) -> Canaries:
    return Canaries(make_project, tmp_path_factory.mktemp("canaries"))


@pytest.fixture(scope="module")
def ran(canaries: Canaries) -> list[str]:
    """Which canaries a build that runs models leaves; it also fills the cache and the lock."""
    Path(canaries.path("saved")).unlink(missing_ok=True)  # from when it was made
    (warning,) = canaries.project.build("html", "-E").warnings
    assert "would run code from the file: safe mode refuses that" in warning
    seen = canaries.seen()
    whole = (canaries.project.folder / "source" / "index.md").read_text()
    canaries.project.write("index.md", re.sub("```{keras:model} saved\n.*?```\n", "", whole, flags=re.DOTALL))
    assert canaries.project.build("kerasshape-lock").status == 0
    canaries.project.write("index.md", whole)
    for name in seen:
        (canaries.folder / name).unlink()
    return seen


def test_a_build_that_runs_models_runs_all_but_what_a_saved_model_brings(ran: list[str]) -> None:
    assert ran == ["body", "code", "custom", "expression", "file", "module", "prelude"]


@pytest.mark.parametrize("execution", ["off", "locked", "nonsense"])
@pytest.mark.parametrize("builder", tiered(["html", "kerasshape-check", "kerasshape-lock"], quick={"html"}))
def test_off_and_locked_run_nothing(execution: str, builder: str, canaries: Canaries, ran: list[str]) -> None:
    """Traps in all places that code could come from, with `off` and `locked`: none is sprung, no process is
    started.
    """
    project = canaries.project
    lock = project.folder / "source" / "kerasshape.lock.json"
    lock.write_text(json.dumps(poisoned(json.loads(lock.read_text()), canaries.touch["lock"])))
    for path in project.cache.glob("??/*.json"):
        path.write_bytes(path.read_bytes().replace(b"dense", b"__import__('os')"))
    python = project.folder / "python"
    python.write_text(f"#!/bin/sh\ntouch {canaries.path('python')}\n")
    python.chmod(0o755)
    log = project.folder / f"{execution}-{builder}.log"
    project.write(
        "../audit/sitecustomize.py",
        "import sys\n"
        "def hook(event, arguments):\n"
        "    if event in ('subprocess.Popen', 'os.fork', 'os.forkpty', 'os.posix_spawn', 'os.exec',\n"
        "                 'os.system', 'socket.connect'):\n"
        f"        with open({str(log)!r}, 'a') as file:\n            print(event, arguments, file=file)\n"
        "sys.addaudithook(hook)\n",
    )
    built = project.run(
        builder,
        *("-E", "-D", f"kerasshape_execution={execution}", "-D", f"kerasshape_python={python}"),
        PYTHONPATH=str(project.folder / "audit"),
    )
    assert canaries.seen() == []
    started = log.read_text() if log.exists() else ""
    assert not re.search("Popen|fork|spawn|exec|system|socket", started)
    assert "Traceback" not in built.said


def poisoned(value: object, code: str) -> object:
    """Put code wherever a lock has text that is shown."""
    if isinstance(value, dict):
        return {key: poisoned(item, code) for key, item in value.items()}
    if isinstance(value, list):
        return [poisoned(item, code) for item in value]
    return f"__import__('os').system({code!r})" if value in ("dense", "Dense", "kernel", "float32") else value


@pytest.mark.slow
def test_nothing_listens(make_project: Make) -> None:
    """A build, watched for sockets: Sphinx and the worker talk by pipes, so nobody else can."""
    project = make_project({"index.md": f"# P\n\n```{{keras:model}} m\n{MODEL}\n```\n"})
    log = project.folder / "sockets.log"
    project.write(
        "../audit/sitecustomize.py",
        "import os, sys\n"
        "def hook(event, arguments):\n"
        "    if event.startswith('socket.') or event == 'os.fork':\n"
        f"        with open({str(log)!r}, 'a') as file:\n"
        "            print(event, *arguments[1:], file=file)\n"
        "sys.addaudithook(hook)\n",
    )
    built = project.run("text", "-W", PYTHONPATH=str(project.folder / "audit"))
    assert "(None, 3)" in built.page("index.txt")
    events = [line for line in log.read_text().splitlines() if not line.startswith("socket.__new__")]
    # urllib3, which Sphinx and TensorFlow import, tries whether there is IPv6.
    assert set(events) <= {"os.fork", "socket.bind ('::1', 0)"}
    assert "os.fork" in events


def test_nothing_of_ours_reads_pickles() -> None:
    sources = [path.read_text() for path in (REPOSITORY / "sphinx_kerasshape").rglob("*.py")]
    loaders = (
        "import pickle",
        "marshal",
        "shelve",
        "yaml.load",
        "joblib.load",
        "import joblib",
        "dill",
        "allow_pickle=True",
    )
    assert [word for text in sources for word in loaders if word in text] == []
    assert not [text for text in sources if "safe_mode=False" in text or "unsafe_deserialization" in text]


# What code sees.


def test_tokens_are_not_there(make_project: Make) -> None:
    """Tokens in the environment: the code does not see them."""
    page = "# P\n\n```{keras:code}\nimport os\nprint(sorted(os.environ))\n```\n"
    secrets = ("GITHUB_TOKEN", "READTHEDOCS_TOKEN", "AWS_SECRET_ACCESS_KEY", "PYPI_PASSWORD", "SSH_AUTH_SOCK")
    built = make_project({"index.md": page}).build("text", "-W", **dict.fromkeys(secrets, "hunter2"))
    text = built.page("index.txt")
    assert "KERAS_BACKEND" in text
    assert not [name for name in secrets if name in text]


CONNECT = "import socket\nsocket.create_connection(('127.0.0.1', {port}), timeout=5).close()\n"
MODEL = "model = keras.Sequential([keras.Input((4,)), layers.Dense(3)])"


@pytest.fixture
def port() -> object:
    # Who connects waits in the queue: nothing has to accept it.
    with socket.create_server(("127.0.0.1", 0), backlog=2) as server:
        yield server.getsockname()[1]


def may_leave_network() -> bool:
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); "
        "from sphinx_kerasshape.worker.processes import network; sys.exit(bool(network.leave()))"
    )
    return subprocess.run([sys.executable, "-c", code, str(REPOSITORY)], check=False).returncode == 0


@pytest.mark.parametrize("executor", tiered(["fork", "spawn"], quick={"fork"}))
def test_without_a_network(executor: str, port: int, make_project: Make) -> None:
    """A connection, with `kerasshape_network = False`: the network is unreachable."""
    if not may_leave_network():
        pytest.skip("this system lets no process give up its network")
    page = f"# P\n\n```{{keras:model}} m\n{CONNECT.format(port=port)}{MODEL}\n```\n"
    conf = f"kerasshape_executor = {executor!r}\nkerasshape_sandbox = 'off'\nkerasshape_network = True\n"
    project = make_project({"index.md": page}, conf)
    build = project.run if executor == "spawn" else project.build
    assert build("text", "-W").status == 0
    (warning,) = build("text", "-D", "kerasshape_network=0").warnings
    assert re.search(r"index.md:5: WARNING: model 'm': OSError: \[Errno \d+\] .*unreachable", warning)


def test_data_without_a_network(make_project: Make) -> None:
    """A data set, with `kerasshape_network = False`: the warning names the setting."""
    if not may_leave_network():
        pytest.skip("this system lets no process give up its network")
    page = f"# P\n\n```{{keras:model}} m\nkeras.datasets.mnist.load_data('absent.npz')\n{MODEL}\n```\n"
    project = make_project({"index.md": page}, "kerasshape_network = False\n")
    (warning,) = project.build("text").warnings
    mend = (
        "shapes need no real data: use zeros of the same shape, or set kerasshape_network to True in conf.py"
    )
    assert warning.partition("\n")[0].endswith(f": {mend}")


@pytest.mark.parametrize("executor", ["fork", "spawn"])
def test_where_the_network_cannot_be_left(executor: str, make_project: Make) -> None:
    """A system that can't take the network away: nothing is run, and one warning says so."""
    page = f"# P\n\n```{{keras:model}} m\n{MODEL}\n```\n\n```{{keras:model}} n\n{MODEL}\n```\n"
    conf = f"kerasshape_network = False\nkerasshape_sandbox = 'auto'\nkerasshape_executor = {executor!r}\n"
    project = make_project({"index.md": page}, conf)
    project.write(
        "../site/sitecustomize.py",
        "import ctypes\n"
        "class Library:\n    def unshare(self, what):\n        ctypes.set_errno(1)\n        return -1\n"
        "    def prctl(self, *_):\n        return 0\n"
        "ctypes.CDLL = lambda *_, **__: Library()\n",
    )
    built = project.run("text", PYTHONPATH=str(project.folder / "site"))
    assert built.warnings == [
        "index.md:3: WARNING: kerasshape_network is False, but this system can't take the network from a "
        "process (Operation not permitted): run the build where Linux allows it, or set kerasshape_network "
        "to True [kerasshape.network]"
    ]
    assert "can't take the network" in built.page("index.txt")


# What code says of itself.


def test_an_answer_that_is_made_up_is_no_answer(make_project: Make) -> None:
    """A problem that code makes up: it is not believed."""
    forged = (
        "import sphinx_kerasshape.worker.code.exceptions as exceptions\n"
        "from sphinx_kerasshape.messages.report import Failure\n"
        "exceptions.failure = lambda *_: Failure('nonsense', 'forged')\n"
        "raise ValueError\n"
    )
    page = f"# P\n\n```{{keras:model}} m\n{forged}```\n\n```{{keras:model}} n\n{MODEL}\n```\n"
    built = make_project({"index.md": page}).build("text")
    (warning,) = built.warnings
    assert 'the code wrote to the channel for its answer: \'{"failure":{"problem":"nonsense"' in warning
    assert "(None, 3)" in built.page("index.txt")


NONSENSE = [b"hello\n", b"[]\n", b'{"id": 99, "seconds": 0, "answers": []}\n', b"[" * 9999 + b"\n"]


@pytest.mark.skipif(sys.platform != "linux", reason="processes are found in /proc")
@pytest.mark.slow
@pytest.mark.parametrize("said", NONSENSE)
def test_nonsense_where_the_worker_answers_is_one_located_warning(said: bytes, make_project: Make) -> None:
    """Nonsense written into the pipes of the worker: one warning at the model that did it."""
    forged = (
        "import os\n"
        "for name in os.listdir(f'/proc/{os.getppid()}/fd'):\n"
        "    path = f'/proc/{os.getppid()}/fd/{name}'\n"
        "    if int(name) > 2 and os.readlink(path).startswith('pipe:'):\n"
        "        os.write(os.open(path, os.O_WRONLY | os.O_NONBLOCK), FORGED)\n"
        "import time\ntime.sleep(60)\n"
    ).replace("FORGED", repr(said))
    page = f"# P\n\n```{{keras:model}} m\n{forged}```\n\n```{{keras:model}} n\n{MODEL}\n```\n"
    conf = "kerasshape_jobs = 1\nkerasshape_sandbox = 'off'\n"
    built = make_project({"index.md": page}, conf).run("text")
    (warning,) = built.warnings
    assert warning.startswith("index.md:3: WARNING: model 'm': the code ")
    assert built.status == 0
    assert "(None, 3)" in built.page("index.txt")


@pytest.mark.slow
@pytest.mark.parametrize("executor", ["fork", "spawn"])
def test_who_is_stopped_does_not_stop_the_build(executor: str, make_project: Make) -> None:
    """A SIGSTOP for the warden: the deadline holds."""
    up = (
        "os.getppid()" if executor == "spawn" else "int(open(f'/proc/{os.getppid()}/stat').read().split()[3])"
    )
    stops = f"import os, signal, time\nos.kill({up}, signal.SIGSTOP)\ntime.sleep(86400)"
    page = f"# P\n\n```{{keras:model}} m\n{stops}\n```\n\n```{{keras:model}} n\n{MODEL}\n```\n"
    conf = f"kerasshape_executor = {executor!r}\nkerasshape_timeout = 6\nkerasshape_sandbox = 'off'\n"
    project = make_project({"index.md": page}, conf)
    temporary = project.folder / "temporary"
    temporary.mkdir()
    built = project.run("text", TMPDIR=str(temporary))
    assert list(temporary.iterdir()) == []
    (warning,) = built.warnings
    assert "the code ran for more than 6 s (kerasshape_timeout) and was stopped" in warning
    assert "(None, 3)" in built.page("index.txt")


# Files.


@pytest.mark.parametrize("link", [False, True], ids=["outside", "through a link"])
def test_files_from_outside_are_for_the_project_to_allow(link: bool, make_project: Make) -> None:
    """Files from outside of the source folder, directly or by a link: refused unless `conf.py` allows it."""
    name = "linked.py" if link else "../examples/net.py"
    project = make_project({"index.md": f"# P\n\n```{{keras:model}} m\n:file: {name}\n```\n"})
    outside = project.write("../examples/net.py", MODEL)
    if link:
        (project.folder / "source" / "linked.py").symlink_to(outside)
    (warning,) = project.build("text").warnings
    where = "a link to a place outside" if link else "outside"
    assert warning.startswith(f"index.md:3: WARNING: :file: {name} is {where} of the documentation's folder")
    project.write(
        "conf.py",
        "extensions = ['myst_parser', 'sphinx_kerasshape']\nkerasshape_file_folders = ['../examples']\n",
    )
    built = project.build("text")
    assert built.warnings == []
    assert "(None, 3)" in built.page("index.txt")
    other = project.build("text", "-E", "-D", "kerasshape_file_folders=../examples2")
    assert len(other.warnings) == 1


# Time.


def test_a_hanging_model_delays_others_by_its_slot_only(tmp_path: Path) -> None:
    """A model that hangs beside ten others: these are answered meanwhile."""
    others = [f"keras.Sequential([keras.Input(({size},)), layers.Dense(3)])" for size in range(1, 11)]
    hangs = f"import os, time\nwhile not os.path.exists({str(tmp_path / 'end')!r}): time.sleep(0.05)\n{MODEL}"
    runs = [Run(number, (request(code),), False, DEADLINE) for number, code in enumerate([hangs, *others])]
    worker = Borrowed(Settings(jobs=2))
    arrived = []
    for outcome in worker.run(runs):
        arrived.append(outcome.run)
        if len(arrived) == len(others):
            (tmp_path / "end").touch()
    assert arrived[-1] == 0


@pytest.mark.slow
@pytest.mark.parametrize("executor", ["fork", "spawn"])
def test_limits_hold_however_code_runs(executor: str, make_project: Make) -> None:
    codes = {
        "memory": "hog = b'x' * (4 << 30)",
        "hog": "import time\nhog = []\nwhile True:\n    hog.append(b'x' * (32 << 20))\n    time.sleep(0.01)",
        "processes": "import os, time\nfor _ in range(6):\n    os.fork()\ntime.sleep(600)",
        "forgery": "import os\nfor fd in range(3, 300):\n    try:\n        os.write(fd, b'hello\\n')\n"
        "    except OSError:\n        pass",
        "talk": f"print('x' * 5000)\n{MODEL}",
    }
    pages = {
        f"{name}.md": f"# P\n\n```{{keras:model}} {name}\n:show: table, output\n{code}\n```\n"
        for name, code in codes.items()
    }
    conf = f"kerasshape_executor = {executor!r}\nkerasshape_memory = 1500\n"
    conf += "kerasshape_processes = 8\nkerasshape_output = 2\n"
    built = make_project(pages, conf).run("text", KERASSHAPE="1")
    said = {warning.partition(".md")[0]: warning.partition("': ")[2] for warning in built.warnings}
    memory = (
        "the code used more than 1,500 MB of memory (kerasshape_memory) and was stopped [kerasshape.limit]"
    )
    assert said["memory"] == said["hog"] == memory
    assert said["processes"].startswith("the code had more than 8 processes at a time (kerasshape_processes)")
    assert said["forgery"].startswith("the code wrote to the channel for its answer: 'hello'")
    assert len(said) == 4
    assert "x" * 2048 + "\n   … 2,953 more bytes (kerasshape_output)" in built.page("talk.txt")
