"""The matrix: every supported Python, the oldest and newest Sphinx and TensorFlow.

``nox`` runs all sessions for which an interpreter is there; ``nox -s 'tests_all-3.12(newest)'`` one.
"""

import nox

nox.options.default_venv_backend = "venv"
nox.options.error_on_missing_interpreters = False

# A later JAX needs a later ml_dtypes than this TensorFlow can have, which imports JAX where there is one.
OLDEST = [
    *("sphinx==7.4.*", "tensorflow-cpu==2.16.2", "keras==3.3.3", "myst-parser==4.*"),
    *("jax==0.4.30", "jaxlib==0.4.30"),
]
MATRIX = [
    nox.param("3.11", "oldest", id="3.11-oldest"),
    nox.param("3.11", "newest", id="3.11-newest"),
    nox.param("3.12", "newest", id="3.12-newest"),
    nox.param("3.13", "newest", id="3.13-newest"),
]


@nox.session
@nox.parametrize(("python", "versions"), MATRIX)
def tests(session: nox.Session, versions: str) -> None:
    """Run the tests that every change needs."""
    _tests(session, versions)


@nox.session
@nox.parametrize(("python", "versions"), MATRIX)
def tests_all(session: nox.Session, versions: str) -> None:
    """Run all tests, with the slow ones and more examples."""
    _tests(session, versions, "-m", "", "--hypothesis-profile", "thorough")


def _tests(session: nox.Session, versions: str, *options: str) -> None:
    session.install("--upgrade", "pip>=25.1")
    session.install("-e", ".[tensorflow-cpu]", "--group", "tests")
    if versions == "oldest":
        session.install(*OLDEST)
    # Without their dependencies: they would bring a second TensorFlow.
    others = ["tf-keras==2.16.*"] if versions == "oldest" else ["tf-keras", "keras-hub"]
    session.install("--no-deps", *others)
    session.run("pytest", "-n", "2", *options, *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Check style, types and who imports whom."""
    session.install("--upgrade", "pip>=25.1")
    session.install("-e", ".", "--group", "lint")
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")
    session.run("mypy")
    session.run("lint-imports")
