"""Code that misbehaves, and what a build says of it: for the tests, and for the table in the docs."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass

TIMEOUT = 8
MEMORY = 1500
PROCESSES = 8
CONF = f"""
import sys
from pathlib import Path
sys.path.insert(0, str(Path(__file__).parent))
kerasshape_sandbox = "off"  # It would refuse what reaches other processes.
kerasshape_memory = {MEMORY}
kerasshape_processes = {PROCESSES}
"""
LEFT_BEHIND = str(8_000_000 + os.getpid())
"""Seconds that what is left behind would sleep, by which it is found: those of no other test."""

_TIMEOUT = f"the code ran for more than {TIMEOUT} s (kerasshape_timeout) and was stopped: make it "
_MEMORY = (
    f"the code used more than {MEMORY:,} MB of memory (kerasshape_memory) and was stopped [kerasshape.limit]"
)
_PROCESSES = (
    f"the code had more than {PROCESSES} processes at a time (kerasshape_processes) and was stopped "
    "[kerasshape.limit]"
)
# Python 3.12 counts no calls for what is written in C, so more lists get through; they are no report either.
_NESTED = (
    "the process that ran the code gave no usable answer: expected the fields of Model [kerasshape.crash]"
    if sys.version_info >= (3, 12)
    else "the code wrote to the channel for its answer: endlessly nested lists [kerasshape.crash]"
)
_DIED = "the process that ran the code "


@dataclass(frozen=True)
class Fault:
    """A fault: what it is, in words for readers; the code; how the warning begins, or that there is none."""

    what: str
    code: str
    says: str = ""
    """The warning behind ``model NAME: ``; empty where the model is shown like any other."""


GOOD = "model = keras.Sequential([keras.Input((4,)), layers.Dense(3)])"
"""The model behind code that is survived."""

HANGING = {
    "loop": Fault("an endless loop", "while True:\n    pass", _TIMEOUT),
    "loop-in-tensorflow": Fault(
        "an endless loop inside a TensorFlow operation",
        "@tf.function\ndef endless(i):\n    return tf.while_loop(lambda i: i >= 0, lambda i: [i * 1], [i])\n\n"
        "endless(tf.constant(0))",
        _TIMEOUT,
    ),
    "sleep": Fault("a sleep", "import time\ntime.sleep(86400)", _TIMEOUT),
    "deadlock": Fault(
        "a deadlock", "import threading\nlock = threading.Lock()\nlock.acquire()\nlock.acquire()", _TIMEOUT
    ),
    "stopped": Fault(
        "a process that stops itself", "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)", _TIMEOUT
    ),
    "ignores-signals": Fault(
        "an endless loop that ignores every signal it can",
        "import signal\n"
        "for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:\n"
        "    signal.signal(number, signal.SIG_IGN)\n"
        "while True:\n    pass",
        _TIMEOUT,
    ),
    "hanging-children": Fault(
        "children and grandchildren that hang, in sessions of their own",
        "import subprocess, time\n"
        f"sleep = ['setsid', 'sleep', '{LEFT_BEHIND}']\n"
        "children = [subprocess.Popen(sleep, env={}) for _ in range(3)]\ntime.sleep(86400)",
        _TIMEOUT,
    ),
    "million-layers": Fault(
        "a million layers",
        "x = inputs = keras.Input((4,))\n"
        "for _ in range(1_000_000):\n    x = layers.Dense(4)(x)\nmodel = keras.Model(inputs, x)",
        _TIMEOUT,
    ),
}
ENDING = {
    "hard-exit": Fault(
        "`os._exit`", "import os\nos._exit(3)", _DIED + "ended with exit status 3 [kerasshape.crash]"
    ),
    "sys-exit": Fault("`sys.exit`", "import sys\nsys.exit(4)", "the code asked to exit (SystemExit: 4)"),
    "exit": Fault("`exit()`", "exit()", "the code asked to exit (SystemExit: None)"),
    "interrupt": Fault("a `KeyboardInterrupt`", "raise KeyboardInterrupt", "KeyboardInterrupt"),
    "no-exception": Fault(
        "a `BaseException` of its own",
        "class Stop(BaseException):\n    pass\n\nraise Stop('here')",
        "Stop: here",
    ),
    "segfault": Fault(
        "a segmentation fault",
        "import ctypes\nctypes.string_at(0)",
        _DIED + "was killed by SIGSEGV",
    ),
    "abort": Fault("an abort", "import os\nos.abort()", _DIED + "was killed by SIGABRT"),
    "kills-itself": Fault(
        "a SIGKILL from nowhere",
        "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)",
        _DIED + "was killed by SIGKILL: it killed itself, or the system ran out of memory [kerasshape.crash]",
    ),
    "kills-its-group": Fault(
        "a SIGKILL for its process group", "import os\nos.killpg(0, 9)", _DIED + "was killed by SIGKILL"
    ),
    "kills-its-parent": Fault(
        "a SIGKILL for the process that all models run by",
        "import os\nos.kill(os.getppid(), 9)",
        "the code killed the process that runs the models: the process that runs TensorFlow "
        "was killed by SIGKILL [kerasshape.crash]",
    ),
    "stops-its-parent": Fault(
        "a SIGSTOP for the process that all models run by",
        "import os, signal, time\nos.kill(os.getppid(), signal.SIGSTOP)\ntime.sleep(86400)",
        "the code killed the process that runs the models: the process that runs TensorFlow "
        "was killed by SIGKILL [kerasshape.crash]",
    ),
    "unnamed-signal": Fault(
        "a signal that has no name",
        "import os\nos.kill(os.getpid(), 40)",
        _DIED + "was killed by signal 40 [kerasshape.crash]",
    ),
    "unnamed-signal-above": Fault(
        "such a signal for the process that all models run by",
        "import os\nos.kill(os.getppid(), 40)",
        "the code killed the process that runs the models: the process that runs TensorFlow "
        "was killed by signal 40 [kerasshape.crash]",
    ),
    "fatal-error": Fault(
        "a segmentation fault that Python explains at length",
        "import ctypes, faulthandler\nfaulthandler.enable()\nctypes.string_at(0)",
        _DIED + "was killed by SIGSEGV: Fatal Python error: Segmentation fault [kerasshape.crash]",
    ),
    "last-words": Fault(
        "an exit that is explained on standard error",
        "import os, sys\nprint('no licence found', file=sys.stderr)\nos._exit(2)",
        _DIED + "ended with exit status 2: no licence found [kerasshape.crash]",
    ),
    "recursion": Fault(
        "a recursion without end",
        "def deeper(level):\n    return deeper(level + 1)\n\ndeeper(0)",
        "RecursionError: maximum recursion depth exceeded",
    ),
    "deep-recursion": Fault(
        "a recursion that overflows the stack",
        "import faulthandler\nfaulthandler._stack_overflow()",
        _DIED + "was killed by SIGSEGV",
    ),
}
MEMORY_FAULTS = {
    "memory-at-once": Fault("more memory than there may be, at once", "hog = b'x' * (4 << 30)", _MEMORY),
    "memory-of-tensorflow": Fault(
        "a tensor of that size", "hog = tf.ones((1 << 30,)) + tf.ones((1 << 30,))", _MEMORY
    ),
    "memory-slowly": Fault(
        "a balloon that grows slowly",
        "import time\nhog = []\nwhile True:\n    hog.append(b'x' * (16 << 20))\n    time.sleep(0.01)",
        _MEMORY,
    ),
    "memory-of-children": Fault(
        "memory of child processes",
        "import subprocess, sys\n"
        "hog = 'import time; hog = b\"x\" * (400 << 20); time.sleep(86400)'\n"
        "for one in [subprocess.Popen([sys.executable, '-c', hog]) for _ in range(4)]:\n    one.wait()",
        _MEMORY,
    ),
    "memory-absurd": Fault("more memory than there is", "hog = bytearray(1 << 60)", "MemoryError"),
    "fork-bomb": Fault(
        "processes that start processes",
        "import os, time\nfor _ in range(6):\n    os.fork()\ntime.sleep(86400)",
        _PROCESSES,
    ),
    "children": Fault(
        "too many child processes",
        "import subprocess\n"
        f"children = [subprocess.Popen(['sleep', '{LEFT_BEHIND}']) for _ in range(50)]\n"
        "children[0].wait()",
        _PROCESSES,
    ),
}
LEFT = {
    "thread": Fault(
        "a thread left behind",
        f"import threading, time\nthreading.Thread(target=time.sleep, args=[{LEFT_BEHIND}]).start()\n{GOOD}",
    ),
    "child": Fault(
        "a child process left behind",
        f"import subprocess\nchild = subprocess.Popen(['sleep', '{LEFT_BEHIND}'])\n{GOOD}",
    ),
    "daemon": Fault(
        "a daemon left behind, which ignores SIGTERM",
        "import os, signal, sys\n"
        "if os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n"
        "        signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        f"        os.execvpe('sleep', ['sleep', '{LEFT_BEHIND}'], {{}})\n    os._exit(0)\n{GOOD}",
    ),
    "crashed-daemon": Fault(
        "a daemon left behind by code that dies",
        f"import os, subprocess\nsubprocess.Popen(['setsid', 'sleep', '{LEFT_BEHIND}'], env={{}})\n"
        "import time\ntime.sleep(0.2)\nos._exit(5)",
        _DIED + "ended with exit status 5 [kerasshape.crash]",
    ),
    "shared-memory": Fault(
        "shared memory left behind",
        "from multiprocessing.shared_memory import SharedMemory\n"
        f"shared = SharedMemory('kerasshape-{LEFT_BEHIND}', create=True, size=4096)\n{GOOD}",
    ),
    "crashed-shared-memory": Fault(
        "shared memory left behind by code that dies",
        "import os\nfrom multiprocessing.shared_memory import SharedMemory\n"
        f"shared = SharedMemory('kerasshape-{LEFT_BEHIND}-crashed', create=True, size=4096)\nos._exit(6)",
        _DIED + "ended with exit status 6 [kerasshape.crash]",
    ),
    "pool": Fault(
        "a pool of processes left open",
        f"import multiprocessing\npool = multiprocessing.get_context('fork').Pool(2)\n{GOOD}",
    ),
    "copy": Fault("a fork that is not ended", f"import os\nos.fork()\n{GOOD}"),
}
SPEAKING = {
    "stdin": Fault("`input()`", "answer = input('Continue? ')", "EOFError: EOF when reading a line"),
    "gigabyte-stdout": Fault(
        "a gigabyte on standard output",
        f"import os\nfor _ in range(1 << 10):\n    os.write(1, b'x' * (1 << 20))\n{GOOD}",
    ),
    "gigabyte-stderr": Fault(
        "a gigabyte on standard error",
        f"import os\nfor _ in range(1 << 10):\n    os.write(2, b'x' * (1 << 20))\n{GOOD}",
    ),
    "closed-stdio": Fault(
        "closed descriptors 0 to 2",
        f"import os\nfor number in range(3):\n    os.close(number)\n{GOOD}",
    ),
    "closed-private": Fault(
        "every descriptor but the standard ones closed, as daemons do",
        f"import os\nos.closerange(3, 65536)\n{GOOD}",
        _DIED + "can't answer: the code closed the channel for its answer [kerasshape.crash]",
    ),
    "closed-all": Fault(
        "every descriptor closed",
        f"import os\nos.closerange(0, 65536)\n{GOOD}",
        _DIED + "can't answer: the code closed its file descriptors, or replaced parts of Python "
        "[kerasshape.crash]",
    ),
    "writes-low": Fault(
        "writing to descriptors 3 to 10",
        "import os\nfor number in range(3, 11):\n    try:\n"
        "        os.write(number, b'{\"report\": {}}\\n')\n    except OSError:\n        pass\n"
        f"{GOOD}",
    ),
    "writes-everywhere": Fault(
        "writing to every descriptor there is",
        "import os\nfor number in range(3, 300):\n    try:\n        os.write(number, b'hello\\n')\n"
        f"    except OSError:\n        pass\n{GOOD}",
        "the code wrote to the channel for its answer: 'hello' [kerasshape.crash]",
    ),
    "forged-answer": Fault(
        "writing an answer of no use to every descriptor",
        "import os\nfor number in range(3, 300):\n    try:\n"
        '        os.write(number, b\'{"report": {"model": 7}}\\n\')\n    except OSError:\n        pass\n'
        f"{GOOD}",
        "the process that ran the code gave no usable answer: expected the fields of Model [kerasshape.crash]",
    ),
    "endless-progress": Fault(
        "writing again and again that a part is done",
        "import os, time\nwhile True:\n    for number in range(3, 300):\n        try:\n"
        "            os.write(number, b'{\"done\": 1}\\n')\n        except OSError:\n            pass\n"
        "    time.sleep(0.5)",
        "the code wrote to the channel for its answer: '{\"done\": 1}' [kerasshape.crash]",
    ),
    "deep-answer": Fault(
        "writing an answer that is nested absurdly",
        "import os\nfor number in range(3, 300):\n    try:\n"
        "        os.write(number, b'{\"report\": {\"model\": ' + b'[' * 900 + b']' * 900 + b'}}\\n')\n"
        f"    except OSError:\n        pass\n{GOOD}",
        _NESTED,
    ),
    "forged-failure": Fault(
        "writing that TensorFlow can't be run",
        "import os\nfor number in range(3, 300):\n    try:\n"
        '        os.write(number, b\'{"failure": {"problem": "worker", "message": "broken", "frames": [], "error": null}}\\n\')\n'
        f"    except OSError:\n        pass\n{GOOD}",
        'the code wrote to the channel for its answer: \'{"failure"',
    ),
    "flood": Fault(
        "an endless answer",
        "import os\nwhile True:\n    for number in range(3, 300):\n        try:\n"
        "            os.write(number, b'x' * 65536)\n        except OSError:\n            pass",
        "the code wrote to the channel for its answer: an answer of more than 64 MB [kerasshape.crash]",
    ),
    "noise": Fault(
        "warnings, logging and a progress bar",
        "import logging, sys, warnings\nwarnings.warn('old', DeprecationWarning)\n"
        "logging.basicConfig(level=0)\nlogging.critical('WARNING: on fire')\n"
        f"keras.utils.Progbar(3).update(3)\nsys.stdout.write('/conf.py:1: WARNING: forged')\n{GOOD}",
    ),
    "bytes": Fault(
        "output that is no UTF-8, with terminal codes and NUL bytes",
        f"import os\nos.write(1, b'\\xff\\xfe\\x00\\x1b[31mred\\x1b[0m \\xe2\\x80\\xaeleft')\n{GOOD}",
    ),
    "strange-error": Fault(
        "an exception with terminal codes, NUL bytes and marks of direction",
        "raise ValueError('\\033[31mred\\033[0m\\0 \\u202eleft\\udcff')",
        r"ValueError: red left\udcff",
    ),
    "long-error": Fault(
        "an exception with a message of 10 MB", "raise ValueError('x' * 10**7)", "ValueError: " + "x" * 8000
    ),
    "error-without-text": Fault(
        "an exception whose message can't be made",
        "class Odd(Exception):\n    def __str__(self):\n        raise SystemExit\n\nraise Odd",
        "Odd: (its message could not be made: SystemExit)",
    ),
}
CHANGING = {
    "directory": Fault("another working directory", f"import os\nos.chdir('/')\n{GOOD}"),
    "deleted-directory": Fault(
        "a working directory that is deleted", f"import os, shutil\nshutil.rmtree(os.getcwd())\n{GOOD}"
    ),
    "unreadable-directory": Fault(
        "a working directory that is unreadable",
        f"import os\nos.makedirs('a/b')\nopen('a/b/c', 'w').close()\nos.chmod('a/b', 0)\nos.chmod('a', 0)\n{GOOD}",
    ),
    "parent-directory": Fault(
        "the folder deleted in which all models have theirs",
        f"import os, shutil\nshutil.rmtree(os.path.dirname(os.getcwd()))\n{GOOD}",
    ),
    "deep-directory": Fault(
        "folders in folders, 1,500 deep",
        f"import os\nfor _ in range(1500):\n    os.mkdir('inside')\n    os.chdir('inside')\n{GOOD}",
    ),
    "linked-directory": Fault(
        "a link in the place of its working directory",
        "import os\nhere = os.getcwd()\nos.rename(here, here + '-moved')\nos.symlink('/usr', here)\n" + GOOD,
    ),
    "environment": Fault("an emptied environment", f"import os\nos.environ.clear()\n{GOOD}"),
    "path": Fault("an emptied `sys.path`", f"import sys\nsys.path.clear()\n{GOOD}"),
    "modules": Fault(
        "an emptied `sys.modules`",
        f"import sys\n{GOOD}\nsys.modules.clear()",
        "AttributeError: module 'sys' has no attribute",
    ),
    "umask": Fault("another umask", f"import os\nos.umask(0o777)\n{GOOD}"),
    "handlers": Fault(
        "signal handlers and an alarm",
        "import signal\nsignal.signal(signal.SIGALRM, lambda *_: None)\nsignal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)\n"
        f"{GOOD}",
    ),
    "policy": Fault(
        "another dtype policy", f"keras.mixed_precision.set_global_policy('mixed_float16')\n{GOOD}"
    ),
    "seed": Fault("another random seed", f"keras.utils.set_random_seed(1)\n{GOOD}"),
    "no-stdout": Fault("`sys.stdout` set to `None`", f"import sys\nsys.stdout = sys.stderr = None\n{GOOD}"),
    "json": Fault(
        "`json` replaced", f"import json\njson.dumps = json.JSONEncoder = json.loads = None\n{GOOD}"
    ),
    "os": Fault(
        "functions of `os` replaced",
        f"import os\nos.fork = os.write = os.getpid = os._exit = None\n{GOOD}",
    ),
    "keras": Fault(
        "Keras itself replaced",
        f"{GOOD}\nkeras.Model.layers = property(lambda self: 7)\nkeras.Model = None",
        "TypeError: issubclass() arg 2 must be a class",
    ),
    "builtins": Fault(
        "`isinstance` replaced",
        f"import builtins\n{GOOD}\nbuiltins.isinstance = lambda *_: 1 / 0",
        _DIED + "can't answer: ZeroDivisionError: division by zero [kerasshape.crash]",
    ),
    "no-builtins": Fault(
        "emptied `builtins`",
        f"import builtins\n{GOOD}\nvars(builtins).clear()",
        _DIED + "can't answer: ",
    ),
    "tracing": Fault("a trace function", f"import sys\nsys.settrace(lambda *_: None)\n{GOOD}"),
    "configuration": Fault("the import of `conf.py`", f"import conf\n{GOOD}"),
}
LYING = {
    "repr": Fault(
        "a `__repr__` that raises",
        "class Odd(layers.Dense):\n    def __repr__(self):\n        raise ValueError('no')\n\n"
        "model = keras.Sequential([keras.Input((4,)), Odd(3, name='dense')])",
    ),
    "equality": Fault(
        "an `__eq__` that raises",
        "class Odd(layers.Dense):\n    def __eq__(self, other):\n        raise ValueError('not to be compared')\n"
        "    __hash__ = layers.Dense.__hash__\n\n"
        "model = keras.Sequential([keras.Input((4,)), Odd(3, name='dense')])",
        "ValueError: not to be compared",
    ),
    "name-raises": Fault(
        "a `name` that raises",
        "class Odd(layers.Dense):\n    @property\n    def name(self):\n"
        "        raise ValueError('nameless')\n\n"
        "model = keras.Sequential([keras.Input((4,)), Odd(3)])",
        "ValueError: nameless",
    ),
    "name-lies": Fault(
        "a `name` that is no text",
        f"{GOOD}\ntype(model.layers[0]).name = property(lambda self: self)",
        "RecursionError: maximum recursion depth exceeded",
    ),
    "shape-lies": Fault(
        "a `shape` of a weight that is no shape",
        f"{GOOD}\ntype(model.layers[0].kernel).shape = property(lambda self: 'none')",
        "ValueError: the weight 'kernel' has 'none' in place of a shape [kerasshape.code]",
    ),
    "shape-negative": Fault(
        "a `shape` of a weight with a negative size",
        f"{GOOD}\ntype(model.layers[0].kernel).shape = property(lambda self: (-4, 3))",
        "ValueError: the weight 'kernel' has (-4, 3) in place of a shape [kerasshape.code]",
    ),
    "shape-raises": Fault(
        "a `shape` of a weight that raises",
        f"{GOOD}\ntype(model.layers[0].kernel).shape = property(lambda self: 1 / 0)",
        "ZeroDivisionError: division by zero",
    ),
    "class-lies": Fault(
        "an object that says that it is a model",
        f"from unittest.mock import MagicMock\n{GOOD}\nmodel = MagicMock(spec=keras.Sequential)",
        "'model' is not a Keras model but a value of type MagicMock",
    ),
    "class-raises": Fault(
        "a variable whose `__class__` raises",
        "class Odd:\n    @property\n    def __class__(self):\n        raise RuntimeError('no')\n\n"
        f"odd = Odd()\nnetwork = {GOOD.partition(' = ')[2]}",
    ),
    "key-raises": Fault(
        "a dict with a key whose `__repr__` raises",
        "class Odd:\n    def __repr__(self):\n        raise RuntimeError('no')\n\n"
        f"odd = {{Odd(): 5}}\nnetwork = {GOOD.partition(' = ')[2]}",
    ),
    "module-raises": Fault(
        "a module whose attributes raise",
        "import sys\nclass Lazy:\n    def __getattr__(self, name):\n        raise RuntimeError(name)\n\n"
        f"sys.modules['lazy'] = Lazy()\n{GOOD}",
    ),
    "error-lies": Fault(
        "an exception that says that it is a `SyntaxError`",
        "class Odd(Exception):\n    __class__ = SyntaxError\n\nraise Odd('here')",
        "Odd: here",
    ),
    "syntax-error-lies": Fault(
        "a `SyntaxError` about a line that isn't there",
        "raise SyntaxError('no', ('<kerasshape block>', 999999, 1, 'text'))",
        "the code has a syntax error: no",
    ),
    "traceback-raises": Fault(
        "an exception whose traceback raises",
        "class Odd(Exception):\n    __traceback__ = property(lambda self: 1 / 0)\n\nraise Odd('here')",
        "Odd: here",
    ),
    "long-name": Fault(
        "a layer name of 10 MB",
        "model = keras.Sequential([keras.Input((4,)), layers.Dense(3, name='x' * 10**7)])",
        "the process that ran the code gave no usable answer: a text of 10,000,000 characters, "
        f"which begins '{'x' * 40}' [kerasshape.crash]",
    ),
    "active-name": Fault(
        "a layer name with terminal codes, NUL bytes and marks of direction",
        "model = keras.Sequential([keras.Input((4,)), layers.Dense(3, name='\\033[31m\\0\\u202edense')])",
    ),
    "getattr": Fault(
        "an object that answers to every attribute",
        "class Anything:\n    def __getattr__(self, name):\n        return self\n\n"
        f"    def __call__(self, *_):\n        return self\n\nanything = Anything()\n{GOOD}",
    ),
}
GROUPS = {
    "hangs": HANGING,
    "ends": ENDING,
    "takes too much": MEMORY_FAULTS,
    "leaves something behind": LEFT,
    "reads and writes": SPEAKING,
    "changes what it runs in": CHANGING,
    "lies": LYING,
}
FAULTS = {name: fault for group in GROUPS.values() for name, fault in group.items()}
