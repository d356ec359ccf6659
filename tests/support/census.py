"""A census of models: ``python -m tests.support.census`` holds reports against real calls, and prints counts.

It takes all layers and models of the test bed, subclassed ones among them, all functions of
``keras.applications``, backbones of KerasHub, and random models, as they are drawn and as subclasses.
Rows, totals of each column, connections, axes and shapes have to be what plain TensorFlow says, for five
sizes or more of each open axis, of which no two inputs share any but the batch, if the model allows that.
A model that takes fewer sizes of an axis is counted as such.

``--only GROUP …`` takes some groups only, ``--seeds 40-79`` other random models than the usual ones, and
``--name TEXT`` models with a text in their names. The exit status is 1 if anything differs.
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from inspect import cleandoc
from typing import NamedTuple

from hypothesis import HealthCheck, Phase, given, seed, settings

from sphinx_kerasshape.messages import input_spec
from sphinx_kerasshape.messages.report import Failure, Model, Report
from sphinx_kerasshape.run.worker_process import Worker
from sphinx_kerasshape.settings.settings import Settings
from tests.support import comparison, models
from tests.support.comparison import Plain
from tests.support.random_models import Program, programs
from tests.support.subclasses import subclassed
from tests.support.testbed.architectures import ARCHITECTURES, VALUES
from tests.support.testbed.backbones import BACKBONES, MORE
from tests.support.testbed.keras_layers import LAYERS
from tests.support.workers import POOL, SANDBOX, Borrowed, answers, request

SEEDS = "0-29"
DRAWN = 10
"""Models of each seed: Hypothesis varies models from the tenth on."""
DEADLINE = 900
SIZES = ((1, 7, 16), (3, 16, 23), (2, 32, 61), (5, 23, 40), (4, 64, 33), (7, 40, 16), (6, 61, 32))
"""Sizes of the batch and, in turn, of other axes, for models that have no named axes."""


class Subject(NamedTuple):
    """A model to be compared: its code, and the input of one that has no graph, or the inputs' axes."""

    code: str
    input: str = ""
    program: Program | None = None


Subjects = Iterator[tuple[str, Subject]]


def layers(_seeds: range) -> Subjects:
    yield from ((name, Subject(code)) for name, code in LAYERS.items())


def graphs(_seeds: range) -> Subjects:
    yield from ((name, Subject(cleandoc(code))) for name, code in models.ALL.items())


def architectures(_seeds: range) -> Subjects:
    yield from ((name, Subject(code, given_)) for name, (code, given_) in {**ARCHITECTURES, **VALUES}.items())


def applications(_seeds: range) -> Subjects:
    import inspect

    from keras import applications as found

    for name, function in vars(found).items():
        if inspect.isfunction(function):
            given_ = "weights=None, include_top=False, input_shape=(None, None, 3)"
            yield name, Subject(f"model = keras.applications.{name}({given_})")


def backbones(_seeds: range) -> Subjects:
    if importlib.util.find_spec("keras_hub") is not None:
        yield from ((name, Subject(code)) for name, code in {**BACKBONES, **MORE}.items())


def random_models(seeds: range) -> Subjects:
    for number in seeds:
        for count, program in enumerate(drawn(number)):
            yield f"seed {number}, {count}", Subject(program.code, program=program)


def subclasses(seeds: range) -> Subjects:
    for number in seeds:
        for count, program in enumerate(drawn(number)):
            if made := subclassed(program):
                yield f"seed {number}, {count}", Subject(*made)


GROUPS: dict[str, Callable[[range], Subjects]] = {
    "layers": layers,
    "models": graphs,
    "architectures": architectures,
    "backbones": backbones,
    "random": random_models,
    "subclasses": subclasses,
    "applications": applications,
}


def drawn(number: int) -> list[Program]:
    """Return the models of a seed, each once."""
    found: dict[str, Program] = {}

    @seed(number)
    @settings(
        max_examples=DRAWN,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(programs())
    def keep(program: Program) -> None:
        found.setdefault(program.code, program)

    keep()
    return [*found.values()]


def compared(subject: Subject, worker: Worker, tensorflow: Plain) -> Counter[str]:
    """Hold all that is said of a model against plain TensorFlow; return what was compared."""
    if subject.input:
        return at_inputs(subject, worker, tensorflow)
    tensorflow.send(code=subject.code)
    truth = tensorflow.said()
    plain, *_ = answers(worker, [request(subject.code)], DEADLINE)
    if "error" in truth:
        assert isinstance(plain, Failure), plain
        assert plain.error is not None, plain
        assert (plain.error.type, plain.error.message) == (truth["error"], truth["message"])
        return Counter(errors=1)
    program, model = with_axes(subject, model_of(plain), worker)
    found = comparison.described(model, truth, is_random=subject.program is not None)
    if not program.names:
        return found
    far = len(model.layers) < 100
    return found + comparison.at_sizes(program, model, tensorflow, is_near=far, is_far=far)


def with_axes(subject: Subject, plain: Model, worker: Worker) -> tuple[Program, Model]:
    """Return the program with its axes, and the report that names them.

    No two inputs share other axes than the batch, unless they have to.
    """
    ways = [
        Program(subject.code, tuple(comparison.named_input(one, apart) for one in plain.inputs))
        for apart in ("", "s")
    ]
    for program in [subject.program] if subject.program else ways[::-1]:
        if not program.names:
            return program, plain
        answer, *_ = answers(worker, [request(program.code, axes=program.axes)], DEADLINE)
        model = model_of(answer)
        if not model.unfollowed:
            break
    return program, model


def model_of(answer: object) -> Model:
    assert isinstance(answer, Report), answer
    assert answer.model is not None
    return answer.model


def at_inputs(subject: Subject, worker: Worker, tensorflow: Plain) -> Counter[str]:
    """Compare calls of a model that has no graph at several sizes of each open axis of its input."""
    structure = input_spec.parse(subject.input)
    (answer,) = answers(worker, [request(subject.code, input=subject.input)], DEADLINE)
    tensorflow.send(code=subject.code, is_described=False)
    if "error" not in (said := tensorflow.said()):
        tensorflow.send(arguments=comparison.sized(structure, *SIZES[0]))
        said = tensorflow.said()
    if "error" in said:
        assert isinstance(answer, Failure), (answer, said)
        return Counter(errors=1)
    model = model_of(answer)
    tensorflow.send()
    found = comparison.described(model, tensorflow.said(), is_random=False)
    sizes = SIZES if any(None in one.shape for one in input_spec.tensors(structure)) else SIZES[:1]
    for one in sizes:
        tensorflow.send(arguments=comparison.sized(structure, *one))
        said = tensorflow.said()
        if "error" in said:
            found["refused"] += 1
            continue
        found.update(comparison.called(model, said, {}))
        found["sizes"] += 1
    assert found["sizes"] >= min(len(sizes), comparison.SIZES), said
    found["axes"] = sum(one.shape.count(None) for one in input_spec.tensors(structure))
    return found


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.support.census", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=GROUPS, default=[*GROUPS])
    parser.add_argument("--seeds", default=SEEDS)
    parser.add_argument("--name", default="")
    asked = parser.parse_args()
    first, _, last = asked.seeds.partition("-")
    seeds = range(int(first), int(last or first) + 1)
    worker = Borrowed(Settings(sandbox=SANDBOX))
    figures = {group: counted(group, GROUPS[group](seeds), asked.name, worker) for group in asked.only}
    POOL.close()
    print(f"random models of the seeds {asked.seeds}, {DRAWN} of each")
    print(table(figures))
    return int(any(one["differences"] for one in figures.values()))


def counted(group: str, subjects: Subjects, text: str, worker: Worker) -> Counter[str]:
    """Compare the models of a group, and print what differs."""
    found: Counter[str] = Counter()
    started, tensorflow = time.monotonic(), Plain()
    for name, subject in subjects:
        if text not in name:
            continue
        begun = time.monotonic()
        try:
            new = compared(subject, worker, tensorflow)
            found.update(new)
        except AssertionError as error:
            found["differences"] += 1
            print(f"--- {group}: {name} differs\n{subject.code}\n{difference(error)}\n---", flush=True)
            new = Counter()
            tensorflow.close()  # It may have crashed.
            tensorflow = Plain()
        print(f"{group}: {name}: {time.monotonic() - begun:.1f} s, {dict(new)}", file=sys.stderr, flush=True)
    tensorflow.close()
    found["seconds"] = round(time.monotonic() - started)
    return found


def difference(error: AssertionError) -> str:
    """Return the assertion that failed, with the values around it."""
    found = traceback.TracebackException.from_exception(error, capture_locals=True).stack[-1]
    values = (f"{name} = {text[:600]}" for name, text in (found.locals or {}).items())
    return "\n".join([f"{found.name}: {found.line}", str(error)[:2000], *values])


COLUMNS = (
    *("models", "errors", "rows", "totals", "axes", "axes with fewer sizes", "sizes", "calls"),
    *("named sizes", "unknown sizes", "refused", "unfollowed", "differences", "seconds"),
)


def table(figures: dict[str, Counter[str]]) -> str:
    """Return a table of the counts, with a line for each group and their sum."""
    rows = {**figures, "all": sum(figures.values(), Counter())}
    lines = [("", *COLUMNS), *((name, *(str(one[key]) for key in COLUMNS)) for name, one in rows.items())]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)) for line in lines
    )


if __name__ == "__main__":
    sys.exit(main())
