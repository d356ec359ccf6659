"""The sandbox: what strangers' code tries fails at its line, and what honest code does works."""

from __future__ import annotations

import contextlib
import json
import os
import re
import socket
import sqlite3
import subprocess
import sys
import sysconfig
import threading
import venv
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import h5py
import pytest
import yaml

from sphinx_kerasshape.worker.sandbox import landlock, system
from tests.support.attacks import ATTACKS
from tests.support.projects import DEADLINE, REPOSITORY, Built, Project
from tests.support.tiers import slow, tiered

pytestmark = [
    pytest.mark.skipif(
        not system.CALLS or landlock.version() < landlock.SCOPES, reason="this kernel gives no whole sandbox"
    ),
    pytest.mark.skipif(system.MACHINE != "x86_64", reason="the attempts call the system by number"),
]
Make = Callable[..., Project]
MODEL = "model = keras.Sequential([keras.Input((4,)), layers.Dense(3)])\n"
MARK = f"kerasshape-attack-{os.getpid()}"
CONF = "import sys\nsys.path.insert(0, __file__.rpartition('/')[0])\nkerasshape_sandbox = {how!r}\n"
QUICK = (
    *("ssh-key", "environment-of-the-parent", "lock", "by-another-program", "page", "truncation", "mode"),
    *("signal-to-another", "connection", "socket-in-the-file-system", "io-uring", "mount"),
)


@dataclass(frozen=True)
class Tried:
    """All attempts, built with and without the sandbox."""

    free: Built
    confined: Built


def page(name: str, code: str, markup: str) -> tuple[str, str]:
    """Return the name and the text of a page whose model tries something first."""
    if markup == "from":
        return (
            f"{name}.rst",
            f"P\n=\n\n.. keras:model:: {name}\n   :from: {name.replace('-', '_')}_code:made()\n",
        )
    if markup == "rst":
        body = "".join(f"   {line}\n" for line in (code + MODEL).splitlines())
        return f"{name}.rst", f"P\n=\n\n.. keras:model:: {name}\n\n{body}"
    return f"{name}.md", f"# P\n\n```{{keras:model}} {name}\n{code}{MODEL}```\n"


def module(code: str) -> str:
    body = "".join(f"    {line}\n" for line in (code + MODEL).splitlines())
    imports = "import keras\nimport tensorflow as tf\nfrom keras import layers\n"
    return f"{imports}\n\ndef made():\n{body}    return model\n"


@contextlib.contextmanager
def surroundings(project: Project) -> Iterator[dict[str, object]]:
    """Make what the code must not reach; yield where it is."""
    base = project.folder
    places = {name: str(base / name) for name in ("home", "outside", "other", "temporary", "source")}
    files = {
        **{
            f"home/{name}": "x"
            for name in (".ssh/id_rsa", ".netrc", ".git-credentials", ".config/gh/hosts.yml")
        },
        "home/.bashrc": "",
        "home/.keras/keras.json": "{}",
        "outside/secret": "xx",
        "other/.kerasshape/answer.json": "{}",
        "source/.git/config": "x",
        "source/.env": "x",
        "source/deep/er/.netrc": "x",
        "source/data.txt": "x",
        "source/kerasshape.lock.json": "{}",
        "temporary/kept": "",
        **{f"outside/{name}": "x" for name in ("removed", "removed-too", "renamed", "moved")},
        "text/old.txt": "x",
        ".kerasshape/x": "x",
        "doctrees/x": "x",
    }
    for name, text in files.items():
        project.write(f"../{name}", text)
    database = base / "outside" / "database"
    with contextlib.closing(sqlite3.connect(database)) as connection:
        connection.execute("create table t (x)")
        connection.commit()
    with h5py.File(base / "outside" / "data.h5", "w") as data:
        data["x"] = [1]
    listener, abstract = (socket.socket(socket.AF_UNIX) for _ in range(2))
    path = f"{base}/outside/s"
    listener.bind(path)
    abstract.bind(f"\0{MARK}")
    server = socket.create_server(("127.0.0.1", 0))
    for one in (listener, abstract, server):
        one.listen(99)
    threading.Thread(target=_answer, args=(server,), daemon=True).start()
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(86400)"]) as victim:
        try:
            yield {
                **places,
                "secret": f"{base}/outside/secret",
                "database": str(database),
                "socket": path,
                "port": server.getsockname()[1],
                "mark": MARK,
                "victim": victim.pid,
                "outdir": f"{base}/text",
                "doctrees": f"{base}/doctrees",
                "cache": f"{base}/.kerasshape",
            }
        finally:
            victim.kill()
            for one in (listener, abstract, server):
                one.close()


def _answer(server: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while True:
            connection, _ = server.accept()
            connection.sendall(b"HTTP/1.0 200 OK\r\n\r\nx")
            connection.close()


def tried(make_project: Make, names: Iterable[str], markup: str) -> Tried:
    """Build the attempts' pages with and without the sandbox."""
    built = {}
    for how in ("off", "on"):
        project = make_project({"index.md": "# I\n"}, CONF.format(how=how))
        with surroundings(project) as places:
            for name in names:
                code = ATTACKS[name].format(**places)
                project.write(*page(name, code, markup))
                if markup == "from":
                    project.write(f"{name.replace('-', '_')}_code.py", module(code))
            built[how] = project.run("text", HOME=str(places["home"]), TMPDIR=str(places["temporary"]))
    return Tried(built["off"], built["on"])


def warnings(built: Built, name: str) -> list[str]:
    return [one for one in built.warnings if f"model {name!r}" in one]


@pytest.mark.parametrize(
    "attempts",
    [("md", QUICK), slow(("md", tuple(ATTACKS))), slow(("rst", QUICK)), slow(("from", QUICK))],
    ids=lambda attempts: f"{attempts[0]}-{len(attempts[1])}",
)
def test_attempts_fail_at_their_lines(
    attempts: tuple[str, tuple[str, ...]],
    make_project: Make,
    record_property: Callable[[str, str], None],
) -> None:
    """What the code tries works without the sandbox; with it, it fails, and the page says where."""
    markup, names = attempts
    built = tried(make_project, names, markup)
    duds = [name for name in names if warnings(built.free, name)]
    told = {name: warnings(built.confined, name) for name in names if name not in duds}
    through = [name for name, found in told.items() if not found]
    figure = (
        f"{len(names)} attempts on the sandbox ({markup}): {len(through)} get through, {len(duds)} are duds"
    )
    record_property("figure", figure)
    assert through == []
    assert len(duds) < len(names) / 3, duds  # Some take privileges, with or without a sandbox.
    for name, (warning,) in told.items():
        place = rf"{name}\.rst:4" if markup == "from" else rf"{name}\.{markup}:(?!3:)\d+"
        assert re.match(rf"{place}: WARNING: model '{name}': ", warning)
        assert re.search(r"Error|refused|denied|not permitted", warning)


HONEST = {
    "a copy": "import shutil\nopen('a', 'w').write('x')\nshutil.copy2('a', 'b')\nprint(open('b').read())\n",
    "a temporary file": "import tempfile\nwith tempfile.TemporaryDirectory() as folder:\n"
    "    open(folder + '/x', 'w').close()\nprint('x')\n",
    "its folder removed": "import os, shutil\nshutil.rmtree(os.getcwd())\nprint('x')\n",
    "an archive": "import tarfile\nopen('a', 'w').close()\n"
    "with tarfile.open('t.tar', 'w') as tar:\n    tar.add('a')\n"
    "tarfile.open('t.tar').extractall('out', filter='data')\nprint('x')\n",
    "a saved model": "one = keras.Sequential([keras.Input((2,)), layers.Dense(1)])\none.save('m.keras')\n"
    "two = keras.models.load_model('m.keras')\nprint('x')\n",
    "another program": "import subprocess, sys\n"
    "found = subprocess.run([sys.executable, '-c', 'print(\"x\")'], capture_output=True, text=True)\n"
    "print(found.stdout)\n",
    "a process": "import multiprocessing\nprocess = multiprocessing.Process(target=print, args=('x',))\n"
    "process.start()\nprocess.join()\n",
    **{
        f"a pool of processes ({how})": "import math, multiprocessing\n"
        f"with multiprocessing.get_context({how!r}).Pool(2) as pool:\n"
        "    print('x' if pool.map(math.sqrt, [4, 9]) == [2, 3] else '')\n"
        for how in ("fork", "spawn", "forkserver")
    },
    "an executor of processes": "from concurrent.futures import ProcessPoolExecutor\n"
    "def f(x):\n    return x * x\n"
    "with ProcessPoolExecutor(2) as pool:\n    print('x' if list(pool.map(f, [2])) == [4] else '')\n",
    "what processes share": "import multiprocessing\n"
    "number, queue = multiprocessing.Value('i', 1), multiprocessing.Queue()\n"
    "condition, event = multiprocessing.Condition(), multiprocessing.Event()\n"
    "def f():\n    with number.get_lock(), number.get_lock():\n        number.value += 1\n"
    "    queue.put('x')\n    event.wait()\n    with condition:\n        condition.notify()\n"
    "process = multiprocessing.Process(target=f)\nprocess.start()\n"
    "with condition:\n    event.set()\n    notified = condition.wait(30)\n"
    "process.join()\nprint(queue.get() if notified and number.value == 2 else '')\n",
    "locks that are held": "import multiprocessing\nlock = multiprocessing.Lock()\n"
    "with lock:\n    late = [lock.acquire(False), lock.acquire(timeout=0.01)]\n"
    "try:\n    lock.release()\nexcept ValueError:\n    print('x' if late == [False, False] else '')\n",
    "shared memory": "import subprocess, sys\nfrom multiprocessing.shared_memory import SharedMemory\n"
    "memory = SharedMemory(create=True, size=9)\nmemory.buf[0] = 120\n"
    "code = 'import sys; from multiprocessing.shared_memory import SharedMemory; '"
    "'memory = SharedMemory(sys.argv[1]); print(chr(memory.buf[0]))'\n"
    "command = [sys.executable, '-c', code, memory.name]\n"
    "print(subprocess.run(command, capture_output=True, text=True).stdout)\nmemory.close()\n",
    "memory in a file": "import mmap\nopen('memory', 'wb').write(b'x' * 4096)\n"
    "with open('memory', 'r+b') as file, mmap.mmap(file.fileno(), 0) as memory:\n"
    "    print(memory[:1].decode())\n",
    "a function of Python in a data set": "data = tf.data.Dataset.range(2).map(\n"
    "    lambda x: tf.py_function(lambda y: y * 2, [x], tf.int64), num_parallel_calls=2)\n"
    "print('x' if list(data.as_numpy_iterator()) == [0, 2] else '')\n",
    "an end of a process": "import multiprocessing, subprocess, time\n"
    "process = subprocess.Popen(['sleep', '99'])\nprocess.terminate()\n"
    "other = multiprocessing.Process(target=time.sleep, args=(99,))\nother.start()\nother.kill()\n"
    "other.join()\nprint('x' if (process.wait(), other.exitcode) == (-15, -9) else '')\n",
    "a process with events": "import asyncio\nasync def main():\n"
    "    process = await asyncio.create_subprocess_exec('echo', 'x', stdout=asyncio.subprocess.PIPE)\n"
    "    return (await process.communicate())[0].decode()\nprint(asyncio.run(main()))\n",
    "the startup of another Python": "import subprocess, sys\n"
    "command = [sys.executable, '-c', 'import found; print(\"x\")']\n"
    "print(subprocess.run(command, capture_output=True, text=True).stdout)\n",
    "a package that looks at its process": "import subprocess, sys\n"
    "code = 'try:\\n import psutil; psutil.Process().memory_info()\\nexcept ImportError: pass\\n'\n"
    "code += 'print(\"x\")'\n"
    "print(subprocess.run([sys.executable, '-c', code], capture_output=True, text=True).stdout)\n",
    "functions sent to processes of joblib": "from cloudpickle import cloudpickle\n"
    "print('x' if __name__ in cloudpickle._PICKLE_BY_VALUE_MODULES else '')\n",
    "threads": "from concurrent.futures import ThreadPoolExecutor\n"
    "print(ThreadPoolExecutor(2).submit(lambda: 'x').result())\n",
    "an HDF5 file": "import h5py\nwith h5py.File('a.h5', 'w') as file:\n    file['x'] = [1]\nprint('x')\n",
    "data of a package": "import importlib.resources\n"
    "print('x' if any(importlib.resources.files('email').iterdir()) else '')\n",
    "data beside the page": "print(open({source!r} + '/data.txt').read())\n",
    "data in a folder of conf.py": "print(open({shared!r} + '/data.txt').read())\n",
    "a package installed as a link": "import linked\nprint(linked.TEXT)\n",
    "a package that a finder finds": "import found, importlib.resources\n"
    "print(importlib.resources.files('found').joinpath('data.txt').read_text())\n",
    "downloaded data": "print(open(keras.utils.get_file('data.txt', 'http://127.0.0.1:1/data.txt')).read())\n",
    "a place for packages to write": "import os, pathlib\n"
    "for name in ('KERAS_HOME', 'MPLCONFIGDIR', 'NUMBA_CACHE_DIR'):\n"
    "    folder = pathlib.Path(os.environ[name], 'more')\n    folder.mkdir(parents=True)\n"
    "    (folder / 'x').write_text('x')\nprint('x')\n",
    "packages that ask where they may write": "import os\n"
    "print('x' if os.access('.', os.W_OK) and not os.access(os.path.expanduser('~'), os.W_OK) else '')\n",
    "a database": "import sqlite3\nprint(sqlite3.connect('a.db').execute(\"select 'x'\").fetchone()[0])\n",
    "pipes and shells": "import subprocess\n"
    "print(subprocess.run('echo X | tr A-Z a-z', shell=True, capture_output=True, text=True).stdout)\n",
    "files of training": "import numpy as np\none = keras.Sequential([keras.Input((2,)), layers.Dense(1)])\n"
    "one.compile('sgd', 'mse')\none.fit(np.ones((2, 2)), np.ones((2, 1)), verbose=0, callbacks=[\n"
    "    keras.callbacks.ModelCheckpoint('best.keras'), keras.callbacks.CSVLogger('log.csv'),\n"
    "    keras.callbacks.BackupAndRestore('backup')])\n"
    "list(tf.data.Dataset.range(3).cache('kept'))\nprint('x')\n",
    "its own process": "print(open('/proc/self/statm').read() and 'x')\n",
}


@pytest.fixture(scope="module")
def confined(make_project: Make) -> Built:
    """A build of what documentation does, and of what the sandbox refuses, each in a block of its own."""
    conf = "kerasshape_sandbox = 'on'\nkerasshape_file_folders = ['../shared']\n"
    project = make_project({"honest.md": "", "refused.md": refused()}, conf)
    base = project.folder
    project.write("data.txt", "x")
    project.write("../shared/data.txt", "x")
    project.write("../elsewhere/linked/__init__.py", "TEXT = 'x'\n")
    project.write("../site/linked.pth", f"{base}/elsewhere\n")
    # What joblib takes to send functions, as far as it matters here.
    project.write("../site/cloudpickle/__init__.py", "")
    project.write("../site/cloudpickle/cloudpickle.py", "_PICKLE_BY_VALUE_MODULES = set()\n")
    project.write("../editable/src/found/__init__.py", "")
    project.write("../editable/src/found/data.txt", "x")
    project.write("../site/found-1.dist-info/METADATA", "Metadata-Version: 2.1\nName: found\nVersion: 1\n")
    link = {"url": f"file://{base}/editable", "dir_info": {"editable": True}}
    project.write("../site/found-1.dist-info/direct_url.json", json.dumps(link))
    project.write("../home/.keras/datasets/data.txt", "x")
    project.write(
        "../site/sitecustomize.py",
        f"import site\nsite.addsitedir({str(base / 'site')!r})\n"
        "import importlib.util, sys\n"
        "class Finder:\n    @staticmethod\n    def find_spec(name, path=None, target=None):\n"
        "        if name == 'found':\n            return importlib.util.spec_from_file_location(\n"
        f"                name, {str(base / 'editable/src/found/__init__.py')!r},\n"
        f"                submodule_search_locations=[{str(base / 'editable/src/found')!r}])\n"
        "sys.meta_path.append(Finder)\n",
    )
    places = {"source": f"{base}/source", "shared": f"{base}/shared"}
    codes = (code.format(**places) for code in HONEST.values())
    project.write("honest.md", "# P\n\n" + "\n".join(f"```{{keras:code}}\n{code}```\n" for code in codes))
    return project.run("text", "-v", PYTHONPATH=f"{base}/site", HOME=f"{base}/home")


def test_honest_code_works(confined: Built) -> None:
    assert [one for one in confined.warnings if not one.startswith("refused.md:")] == []
    assert confined.page("honest.txt").count("\n   x\n") == len(HONEST)


REFUSED = {
    "open('/etc/hostname').read()": "the sandbox lets code read the sources and installed packages, and "
    "write its working folder; name more folders to read in kerasshape_file_folders",
    **dict.fromkeys(
        [
            *("open('/etc/mine', 'w')", "open('/etc/hostname', 'a')"),
            "import logging\nlogging.FileHandler('/etc/hostname')",
            "import os\nos.makedirs(os.path.expanduser('~/.cache/mine/more'))",
        ],
        "the sandbox lets code write its working folder only: use a path such as 'out.png', or set "
        "kerasshape_sandbox to 'off' if you trust the page",
    ),
    "import socket\nsocket.socket()": "the sandbox has no network; set kerasshape_network to True",
    **dict.fromkeys(
        ["import multiprocessing\nmultiprocessing.Manager()", "import socket\nsocket.socket(socket.AF_UNIX)"],
        "the sandbox has no sockets between processes, which managers of multiprocessing need: use a Queue, "
        "a Pipe or shared memory, or set kerasshape_sandbox to 'off' if you trust the page",
    ),
    **dict.fromkeys(
        ["import os\nos.chroot('.')", "import os\nos.kill(os.getppid(), 0)"],
        "the sandbox keeps code from this; set kerasshape_sandbox to 'off' if you trust the page",
    ),
}


def refused() -> str:
    return "# P\n\n" + "\n".join(f"```{{keras:code}}\n{code}\n```\n" for code in REFUSED)


def test_a_refusal_says_how_to_mend_it(confined: Built) -> None:
    are_mended(confined.warnings)


@pytest.mark.slow
def test_a_refusal_without_fork_says_it_as_well(make_project: Make) -> None:
    conf = "kerasshape_sandbox = 'on'\nkerasshape_executor = 'spawn'\n"
    are_mended(make_project({"refused.md": refused()}, conf).run("text").warnings)


def are_mended(warnings: list[str]) -> None:
    """Make sure that each refusal has its warning."""
    first = [warning.partition("\n")[0] for warning in warnings]
    assert len(first) == len(REFUSED)
    for warning, mend in zip(first, REFUSED.values(), strict=True):
        assert warning.endswith(f": {mend}")


NO_SANDBOX = (
    "import ctypes\n"
    "class Library:\n    def syscall(self, *_):\n        ctypes.set_errno(38)\n        return -1\n"
    "    def prctl(self, *_):\n        return 0\n"
    "ctypes.CDLL = lambda *_, **__: Library()\n"
)
ONE_MODEL = {"index.md": f"# P\n\n```{{keras:model}} m\n{MODEL}```\n"}


def test_where_there_is_no_sandbox_nothing_runs(make_project: Make) -> None:
    """`kerasshape_sandbox = "on"` on a system without Landlock: one warning says so."""
    project = make_project(ONE_MODEL, "kerasshape_sandbox = 'on'\n")
    project.write("../site/sitecustomize.py", NO_SANDBOX)
    (warning,) = project.run("text", PYTHONPATH=str(project.folder / "site")).warnings
    assert warning.startswith(
        'index.md:3: WARNING: kerasshape_sandbox is "on", but this system can\'t confine code (it takes '
        "Landlock, which Linux has from 5.13 on): "
    )


def test_a_build_tells_what_the_sandbox_is(confined: Built) -> None:
    assert re.search(
        r"the sandbox keeps code from files other than sources and packages, the network, other processes "
        r"\(Landlock \d+ and seccomp\)",
        confined.said,
    )


IN_PLAIN_CODE = {
    "open('/etc/hostname').read()": "PermissionError: [Errno 13] Permission denied: '/etc/hostname': "
    "the sandbox lets code read the sources and installed packages, and write its working folder; ",
    "open('{folder}/mine', 'w')": "PermissionError: [Errno 13] Permission denied: '{folder}/mine': "
    "the sandbox lets code write its working folder only: use a path such as 'out.png', or ",
}


def plain_document(markup: str, folder: str = "") -> str:
    """Return a document of plain code, in which each refused block makes a model of its own."""
    text = "# P\n" if markup == "md" else "P\n=\n"
    for number, code in enumerate(IN_PLAIN_CODE):
        lines = (
            *("import keras", "from keras import layers", f"x = {code.format(folder=folder)}"),
            "units = len(str(x))",
            *(f"m{number} = keras.Sequential([keras.Input((4,)), layers.Dense(units)])",),
            *(f"m{number}.output_shape  # (None, 3)",),
        )
        if markup == "md":
            text += "\n```python\n" + "\n".join(lines) + "\n```\n"
        else:
            text += "\n.. code-block:: python\n\n" + "".join(f"   {line}\n" for line in lines)
    return text


@pytest.mark.parametrize("markup", tiered(["md", "rst"], quick={"md"}))
def test_plain_code_is_confined(markup: str, make_project: Make) -> None:
    """In documents, an audit confines code unless told otherwise; a build does as its settings say."""
    conf = "kerasshape_plain = 'check'\nkerasshape_sandbox = 'on'\n"
    project = make_project({}, conf)
    folder = str(project.folder)
    project.write(f"page.{markup}", plain_document(markup, folder))
    start = 6 if markup == "md" else 8
    warnings = project.build("text").warnings
    refused = [said.format(folder=folder) for said in IN_PLAIN_CODE.values()]
    warnings = [one for one in warnings if "toctree" not in one]
    for number, (said, warning) in enumerate(zip(refused, warnings, strict=True)):
        line = start + number * 9
        assert warning.startswith(f"page.{markup}:{line}: WARNING: the plain code can't run: {said}")
    path = str(project.folder / "source" / f"page.{markup}")
    command = [sys.executable, "-m", "sphinx_kerasshape", "audit", path]
    command += ["--cache-dir", str(project.folder / "cache")]
    for how in ("on", "off"):
        printed = subprocess.run(
            [*command, "--sandbox", how], capture_output=True, text=True, check=False
        ).stdout
        for said in refused:
            assert (said in printed) == (how == "on")


def test_an_audit_without_a_sandbox_runs_nothing(make_project: Make) -> None:
    """An audit on a system without Landlock: each statement says that nothing ran, and how it would."""
    project = make_project({"page.md": plain_document("md")})
    project.write("../site/sitecustomize.py", NO_SANDBOX)
    done = subprocess.run(
        [sys.executable, "-m", "sphinx_kerasshape", "audit", "source/page.md", "--cache-dir", "cache"],
        cwd=project.folder,
        env={
            **os.environ,
            "PYTHONPATH": f"{project.folder}/site{os.pathsep}{os.environ.get('PYTHONPATH', '')}",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    said = (
        "can't be checked: (None, 3): this system can't confine the documents' code (it takes Landlock, "
        "which Linux has from 5.13 on): run it where Linux can, or give --sandbox auto if you trust the "
        "documents\n"
    )
    assert done.stdout.count(said) == len(IN_PLAIN_CODE)


OLDER = """\
import os, sys
from sphinx_kerasshape.worker.sandbox import confine, landlock
landlock.version = lambda: 4
settings = {"network": False, "path": [], "sources": [], "hidden": [], "is_audit": False}
assert confine.prepare({"sandbox": "on", **settings}) is None
confine.enter(sys.argv[1])
import multiprocessing, time
with multiprocessing.Pool(2) as pool:
    print(pool.map(abs, [-1, 2]))
process = multiprocessing.Process(target=time.sleep, args=(99,))
process.start()
process.terminate()
process.join()
print(process.exitcode)
os.kill(os.getppid(), 0)
"""


def test_pools_end_where_signals_are_refused(tmp_path: Path) -> None:
    """A kernel that can't tell one's own processes from others, as before Linux 6.12."""
    done = subprocess.run(
        [sys.executable, "-c", OLDER, str(tmp_path)],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        check=False,
        timeout=DEADLINE,
    )
    assert (done.stdout, done.stderr.splitlines()[-1]) == (
        "[1, 2]\n143\n",
        "PermissionError: [Errno 1] Operation not permitted",
    )


PLANTED = (
    *("__future__", "argparse", "ast", "babel", "dataclasses", "json", "keras", "markdown_it"),
    *("numpy", "pathlib", "platform", "runpy", "sphinx", "tensorflow", "tokenize", "typing", "usercustomize"),
)
"""Modules that a stranger puts into the folder where someone calls a command."""
HOOK = yaml.safe_load((REPOSITORY / ".pre-commit-hooks.yaml").read_text("utf-8"))[0]["entry"]


@pytest.mark.parametrize("command", ["python -m sphinx_kerasshape audit", "adopt --diff", HOOK])
def test_modules_of_the_folder_of_documents_run_in_the_sandbox_only(command: str, make_project: Make) -> None:
    """Modules in a stranger's folder are for its documents: the command itself imports none of them."""
    code = "import keras\nimport beside\nhead = keras.layers.Dense(beside.UNITS)\n"
    code += "m = keras.Sequential([keras.Input((4,)), head])\nm.output_shape  # (None, 5)\n"
    project = make_project({"page.md": f"# P\n\n```python\n{code}```\n", "beside.py": "UNITS = 3\n"})
    trap = f"open({str(project.folder / 'trap')!r}, 'a').write(__name__ + ' ')\nraise SystemExit(77)\n"
    # Without -P, Python itself imports a few before anybody can keep it from that.
    names = (*PLANTED, "contextlib", "sphinx_kerasshape") if " -P " in command else PLANTED
    for name in names:
        project.write(f"{name}.py", trap)
    words = command.removeprefix("python ").split()
    words = words if words[0].startswith("-") else ["-m", "sphinx_kerasshape", *words]
    done = subprocess.run(
        [sys.executable, *words, "page.md", "--cache-dir", str(project.folder / "cache")],
        cwd=project.folder / "source",
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert not (project.folder / "trap").exists(), (project.folder / "trap").read_text()
    assert "TensorFlow says (None, 3)" in done.stdout + done.stderr, done.stderr


@pytest.mark.slow
def test_pools_without_fork(make_project: Make) -> None:
    codes = [code for name, code in HONEST.items() if "pool" in name or "share" in name]
    blocks = "\n".join(f"```{{keras:code}}\n{code}```\n" for code in codes)
    conf = "kerasshape_sandbox = 'on'\nkerasshape_executor = 'spawn'\n"
    built = make_project({"index.md": f"# P\n\n{blocks}"}, conf).run("text")
    assert (built.warnings, built.page("index.txt").count("\n   x\n")) == ([], len(codes))


@pytest.mark.slow
@pytest.mark.parametrize("conf", ["kerasshape_executor = 'spawn'\n", "kerasshape_python = {python!r}\n"])
def test_all_processes_are_confined_alike(conf: str, make_project: Make) -> None:
    """Another interpreter, and one process for each model."""
    names = ("ssh-key", "secret-deep-in-the-sources", "site-packages", "signal-to-another", "connection")
    project = make_project({"index.md": "# I\n"}, CONF.format(how="on"))
    environment = project.folder / "venv"
    venv.create(environment, symlinks=True)
    (folder,) = environment.glob("lib/*/site-packages")
    (folder / "more.pth").write_text(f"{sysconfig.get_paths()['purelib']}\n")
    with (project.folder / "source" / "conf.py").open("a") as file:
        file.write(conf.format(python=str(environment / "bin" / "python")))
    with surroundings(project) as places:
        for name in names:
            project.write(*page(name, ATTACKS[name].format(**places), "md"))
        project.write(*page("good", "", "md"))
        built = project.run("text", HOME=str(places["home"]))
    assert [len(warnings(built, name)) for name in (*names, "good")] == [1, 1, 1, 1, 1, 0]
