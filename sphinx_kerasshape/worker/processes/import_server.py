"""Processes that have imported what several models import first, and fork for each of them (Linux).

Importing a large package takes longer than building a small model. The zygote can't import it, because
models without the import would notice. So it forks a server for the models that begin with the same
imports. A server ends, and the models import for themselves, if the imports take too little time to be
worth it, or leave something behind that a fork would lose or share: threads, processes, open files, output.
So they do if the imports cause warnings, which each model is to be told of.

A server is not confined, so it imports nothing from the project's folders. If the models might find
something there that a package imports, they import for themselves.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import socket
import sys
import tempfile
import time
from importlib.abc import MetaPathFinder
from importlib.machinery import PathFinder
from typing import Any, NoReturn

from sphinx_kerasshape.messages.codec import dumps
from sphinx_kerasshape.worker import child
from sphinx_kerasshape.worker.code import code_warnings, sources
from sphinx_kerasshape.worker.processes import lifeline, tree
from sphinx_kerasshape.worker.processes.limits import Limits

Modules = tuple[str, ...]
_MAX_SERVERS = 4
"""Each server takes memory."""
_MIN_SECONDS = 0.1
"""Imports that take less are not worth the second fork of each model."""
_READY = b"+"
_FORK_SECONDS = 5.0
"""How long a server may take to fork."""


class ImportServers:
    """The servers of a zygote, by the modules that they import."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._servers: dict[Modules, _Server] = {}
        self._ended: set[Modules] = set()

    def can_start(self, modules: Modules) -> bool:
        """Whether there has been no server for these modules, and may be one."""
        is_new = bool(modules) and modules not in self._servers and modules not in self._ended
        return is_new and len(self._servers) < _MAX_SERVERS

    def start(self, modules: Modules, folder: str, seconds: float) -> None:
        """Start a server, which may take so many seconds for its imports."""
        self._servers[modules] = _Server(modules, folder, seconds)

    def importing(self) -> dict[int, Modules]:
        """Return the modules that are being imported, by the descriptor on which the server answers."""
        servers = self._servers.items()
        return {server.channel.fileno(): modules for modules, server in servers if not server.is_ready}

    def receive(self, modules: Modules) -> None:
        """Read whether a server has finished its imports or ended."""
        if not self._servers[modules].receive():
            self._end(modules)

    def check(self) -> None:
        """End the servers whose imports take too long or use too much."""
        for modules in self.importing().values():
            if self._servers[modules].exceeds(self._limits):
                self._end(modules)

    def pids(self) -> set[int]:
        """Return the processes of all servers."""
        return {server.pid for server in self._servers.values()}

    def fork(self, modules: Modules, command: dict[str, Any], folder: str, pipes: dict[str, int]) -> int:
        """Fork for a command, from the server that has its imports if there is one; return the child."""
        if modules in self._servers:
            try:
                return self._servers[modules].fork(command, folder, pipes)
            except OSError:
                self._end(modules)
        zygote = os.getpid()
        pid = os.fork()
        if pid == 0:
            child.forked(command, folder, pipes, zygote)
        return pid

    def _end(self, modules: Modules) -> None:
        """End a server; from now on models import its modules for themselves."""
        server = self._servers.pop(modules)
        self._ended.add(modules)
        server.channel.close()
        tree.kill(server.pid)


class _Server:
    """A server as the zygote sees it."""

    def __init__(self, modules: Modules, folder: str, seconds: float) -> None:
        self.is_ready = False
        self._until = time.monotonic() + seconds
        self.channel, channel = socket.socketpair()
        zygote = os.getpid()
        self.pid = os.fork()
        if self.pid == 0:
            _serve(channel.fileno(), modules, folder, zygote)
        channel.close()
        self.channel.settimeout(_FORK_SECONDS)

    def receive(self) -> bool:
        """Read whether the imports are finished; return it."""
        with contextlib.suppress(OSError):
            self.is_ready = self.channel.recv(1) == _READY
        return self.is_ready

    def exceeds(self, limits: Limits) -> bool:
        return time.monotonic() > self._until or limits.exceeded(self.pid) is not None

    def fork(self, command: dict[str, Any], folder: str, pipes: dict[str, int]) -> int:
        """Have the server fork for a command; return the zygote's new child. Raises ``OSError``."""
        data = dumps([command, folder, list(pipes)]).encode()
        socket.send_fds(self.channel, [len(data).to_bytes(8)], list(pipes.values()))
        self.channel.sendall(data)
        pid = int.from_bytes(self.channel.recv(8, socket.MSG_WAITALL))
        if not pid:
            raise OSError("the server has ended")
        return pid


def _serve(channel: int, modules: Modules, folder: str, zygote: int) -> NoReturn:
    try:
        child.enter(zygote)
        private = lifeline.private(channel)
        lifeline.detach(os.open(os.devnull, os.O_WRONLY), os.open(os.devnull, os.O_WRONLY))
        os.closerange(3, private)
        if _import(modules, folder):
            with socket.socket(fileno=private) as requests:
                requests.sendall(_READY)
                while True:
                    _fork(requests, zygote)
    finally:
        lifeline.exit_now(0)


def _import(modules: Modules, folder: str) -> bool:
    """Import modules; return whether models can share these imports, and save time."""
    with tempfile.TemporaryFile(dir=folder) as output:
        lifeline.detach(output.fileno())
        child.live_in(folder)
        child.open_streams()
        before, started = _traces(), time.process_time()
        project = _Project(child.project_folders)
        sys.meta_path.insert(0, project)
        with code_warnings.noticed() as warnings:
            for module in modules:
                importlib.import_module(module)
        seconds = time.process_time() - started
        sys.stdout.flush()
        sys.meta_path.remove(project)
        has_files = project.has_more or any(source.kind == "file" for source in sources.used())
        if seconds < _MIN_SECONDS or has_files or warnings or _traces() != before:
            return False
    gc.collect()
    gc.freeze()
    return True


class _Project(MetaPathFinder):
    """Finds nothing, but notices what could be found in the project's folders."""

    def __init__(self, folders: list[str]) -> None:
        self._folders = folders
        self.has_more = False

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> None:
        if path is None and PathFinder.find_spec(fullname, self._folders) is not None:
            self.has_more = True


def _traces() -> tuple[object, ...]:
    """Return the threads, open files, output, written files and child processes."""
    threads, files = (sorted(os.listdir(f"/proc/self/{kind}")) for kind in ("task", "fd"))
    return threads, files, os.fstat(1).st_size, os.listdir("."), tree.children(os.getpid())


def _fork(requests: socket.socket, zygote: int) -> None:
    """Fork for the next command, twice, so that the zygote adopts the process that serves it."""
    size, pipes, _, _ = socket.recv_fds(requests, 8, 3)
    command, folder, kinds = json.loads(requests.recv(int.from_bytes(size), socket.MSG_WAITALL))
    between = os.fork()
    if between == 0:
        between = os.getpid()
        if os.fork() == 0:
            while os.getppid() == between:
                time.sleep(0.0005)
            requests.sendall(os.getpid().to_bytes(8))
            child.forked(command, folder, dict(zip(kinds, pipes, strict=True)), zygote)
        lifeline.exit_now(0)
    os.waitpid(between, 0)
    for pipe in pipes:
        os.close(pipe)
