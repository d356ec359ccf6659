"""The cache: reports of earlier builds, found by all that they depend on.

An entry is a file of two lines: a head of JSON, from which one knows whether the entry still
holds, and the report. The folder may be deleted at any time. If an entry is cut short, too
large or a stranger's, its model is run again. Several builds may share a
folder without locks, since entries are written atomically.
"""

import hashlib
import json
import os
from collections.abc import Callable
from functools import cached_property, partial
from pathlib import Path
from typing import NamedTuple

from sphinx_kerasshape import files
from sphinx_kerasshape.messages.codec import decode, dumps, encode, fingerprint
from sphinx_kerasshape.messages.layers import layer_paths, remarks
from sphinx_kerasshape.messages.problems import Problem
from sphinx_kerasshape.messages.report import SCHEMA, CodeWarning, Failure, Report, Source, Versions
from sphinx_kerasshape.messages.request import Request
from sphinx_kerasshape.messages.result import Result, fingerprint_of
from sphinx_kerasshape.store.module_places import ModulePlaces


class RunEnvironment(NamedTuple):
    """What an answer depends on besides its request; nothing is imported to find it out."""

    versions: Versions
    variables: tuple[tuple[str, str], ...] = ()
    """The environment variables that ``kerasshape_environment`` names, and settings that change answers."""
    installed: Callable[[str], str] = lambda _: ""
    """Returns the version of an installed distribution; empty if it is not there."""
    problem: str = ""
    """Why nothing can be run in this environment; empty if that can be tried."""
    folders: tuple[str, ...] = ()
    """The folders of ``sys.path`` that belong to the project."""


class Cache:
    """A folder of reports, for the environment in which code would run now.

    The paths of files that a report depends on are stored relative to ``root``, so that a
    copy of a project, with its cache, checks its own files.
    """

    def __init__(self, folder: Path, environment: RunEnvironment, root: Path) -> None:
        self._folder = folder
        self._environment = environment
        self._root = root
        self._places = ModulePlaces(environment.folders, root)
        self._digests: dict[str, str] = {}
        self._found: dict[Request, Result | None] = {}
        self.problem = ""
        """Why a report could not be stored; empty if all were."""

    def find(self, request: Request) -> Result | None:
        """Return the result of an earlier run, if all that it depends on is still the same."""
        if request not in self._found:
            self._found[request] = self._read(request)
        return self._found[request]

    def store(self, request: Request, report: Report, report_fingerprint: str = "") -> None:
        """Store a report. If that fails, ``problem`` says why, and the build goes on."""
        body = dumps(report).encode()
        key = self._key(request)
        missing = (piece.missing for piece in report.failed if piece.kind == "package")
        head = {
            "schema": SCHEMA,
            "key": key,
            "fingerprint": report_fingerprint or fingerprint_of(report),
            "sources": [encode(self._relative(source)) for source in report.sources],
            "layers": layer_paths(report),
            "remarks": [encode(remark) for remark in remarks(report)],
            "warnings": encode(report.warnings),
            "imports": {
                **self._places.of_files(_imported_files(request, report)),
                **self._places.of_missing(missing),
            },
            "body": hashlib.sha256(body).hexdigest(),
        }
        try:
            files.write_atomically(Path(self._path(key)), dumps(head).encode() + b"\n" + body)
            self._found.pop(request, None)
        except OSError as error:
            self.problem = f"{self._folder}: {error.strerror or error}"

    def _path(self, key: str) -> str:
        return os.path.join(self._folder, key[:2], f"{key[2:]}.json")

    def _key(self, request: Request) -> str:
        environment = self._environment
        return fingerprint([SCHEMA, request, environment.versions, environment.variables])

    def _read(self, request: Request) -> Result | None:
        key = self._key(request)
        try:
            head, _, body = self._entry(self._path(key)).partition(b"\n")
            fields = json.loads(head)
            sources = [decode(Source, source) for source in fields["sources"]]
            expected = [SCHEMA, key, hashlib.sha256(body).hexdigest()]
            if [fields["schema"], fields["key"], fields["body"]] != expected:
                return None
            if not (self._places.are_same(dict(fields["imports"])) and all(map(self._holds, sources))):
                return None
            return Result(
                decode(str, fields["fingerprint"]),
                partial(_report, body, self._folder),
                layers=decode(tuple[str, ...], fields["layers"]),
                remarks=tuple((Problem(problem), decode(str, text)) for problem, text in fields["remarks"]),
                warnings=decode(tuple[CodeWarning, ...], fields["warnings"]),
            )
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return None

    def _entry(self, path: str) -> bytes:
        """Return the bytes of an entry. Raises ``OSError``, ``ValueError`` if a stranger wrote it."""
        if hasattr(os, "getuid") and os.stat(path).st_uid not in self._trusted_users:
            raise ValueError("the entry of another user")
        return files.read_bytes(path)

    @cached_property
    def _trusted_users(self) -> set[int]:
        """The users whose entries are read: this one, the system's, and the owner of the project."""
        return {os.getuid(), 0, self._root.stat().st_uid}

    def _holds(self, source: Source) -> bool:
        """Whether a file or package is the one that a report depends on."""
        if source.kind == "absent":
            return not (self._root / source.key).exists()
        if source.kind == "package":
            return self._environment.installed(source.key) == source.value
        if source.key not in self._digests:
            self._digests[source.key] = files.digest(self._root / source.key)
        # A file that could not be read then, and can't be now, need not be the same.
        return source.value != "" and self._digests[source.key] == source.value

    def _relative(self, source: Source) -> Source:
        """Return a source with its file, if it is one, relative to the root."""
        is_package = source.kind == "package"
        return source if is_package else source._replace(key=files.relative(source.key, self._root))


def _report(body: bytes, folder: Path) -> Report | Failure:
    """Return the report in the body of an entry; a failure if somebody has forged the entry."""
    from sphinx_kerasshape.messages.reading import report_of  # only pages that are written need it

    try:
        return report_of(json.loads(body))
    except (ValueError, RecursionError):
        return Failure(Problem.CACHE, f"the stored answer can't be read: delete {folder} and build again")


def _imported_files(request: Request, report: Report) -> list[str]:
    """Return the files of the project that the code imported; not those that ``:file:`` names."""
    origins = {request.origin, *(step.origin for step in request.earlier)}
    paths = [source.key for source in report.sources if source.kind == "file"]
    return [path for path in paths if path.endswith(".py") and path not in origins]
