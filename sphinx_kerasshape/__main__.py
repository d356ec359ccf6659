"""The command line: ``python -m sphinx_kerasshape fix …`` and ``audit …``."""

from __future__ import annotations

import argparse
import importlib
import sys
from pathlib import Path

COMMANDS = {
    "audit": ("sphinx_kerasshape.audit.command", "check shapes, summaries and counts in plain documents"),
    "adopt": ("sphinx_kerasshape.adopt.command", "write directives and roles into plain documents"),
    "fix": ("sphinx_kerasshape.check.command", "rewrite stated values that do not hold"),
}
"""The commands, each with its module, which is imported only for it, and what it does."""


def main(arguments: list[str] | None = None) -> int:
    """Run a command; return its exit status."""
    arguments = sys.argv[1:] if arguments is None else arguments
    parser = argparse.ArgumentParser(prog="python -m sphinx_kerasshape")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, (module, what) in COMMANDS.items():
        command = commands.add_parser(name, help=what)
        if arguments[:1] == [name]:
            importlib.import_module(module).add_arguments(command)
            command.set_defaults(module=module, parser=command)
    options = parser.parse_args(arguments)
    status: int = importlib.import_module(options.module).run(options.parser, options)
    return status


if __name__ == "__main__":
    if sys.argv[1:2] == ["fix"] and not sys.flags.safe_path:
        sys.path.insert(0, str(Path.cwd()))  # conf.py, a program of this project, may import from there.
    sys.exit(main())
