"""A census of models: ``python -m tests.support.census`` holds reports against real calls, and prints counts.

It takes all layers and models of the test bed, subclassed ones among them, each family of
``keras.applications``, backbones of KerasHub, and random models, as they are drawn and as subclasses.
Rows, totals of each column, connections, axes and shapes have to be what plain TensorFlow says, for five
sizes or more of each open axis. A model that takes fewer sizes of an axis is counted as such.

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
from sphinx_kerasshape.messages.report import Answer, Failure, Model, Report
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

APPLICATIONS = (
    *("ConvNeXtTiny", "DenseNet121", "EfficientNetB0", "EfficientNetV2B0", "InceptionResNetV2"),
    *("InceptionV3", "MobileNet", "MobileNetV2", "MobileNetV3Small", "NASNetMobile", "ResNet50"),
    *("ResNet50V2", "VGG16", "Xception"),
)
"""The smallest of each family of ``keras.applications``: the others have more of the same layers."""
SEEDS = "0-14"
DRAWN = 10
"""Models of each seed: Hypothesis varies models from the tenth on."""
DEADLINE = 900
TOGETHER = 6
"""Models that are answered in one batch."""
LARGE = 100
"""Rows of a model that isn't called with sizes beyond those that it has to be."""
SIZES = ((1, 7, 16), (3, 16, 23), (2, 32, 61), (5, 23, 40), (4, 64, 33), (7, 40, 16), (6, 61, 32))
MULTIPLES = ((1, 12, 24), (2, 24, 36), (3, 36, 48), (4, 48, 60), (5, 60, 12))
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
    given_ = "weights=None, include_top=False, input_shape=(None, None, 3)"
    yield from ((name, Subject(f"model = keras.applications.{name}({given_})")) for name in APPLICATIONS)


def backbones(_seeds: range) -> Subjects:
    if importlib.util.find_spec("keras_hub") is not None:
        # Two layers are traced for twice as long as one, and tell no more.
        found = {
            name: code.replace("num_layers=2", "num_layers=1") for name, code in {**BACKBONES, **MORE}.items()
        }
        yield from ((name, Subject(code)) for name, code in found.items())


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


class Answered(NamedTuple):
    """A model with what the product says of it, plainly and with names for its axes."""

    subject: Subject
    plain: Answer
    program: Program
    named: Answer


def answered(subjects: list[Subject], worker: Worker) -> list[Answered]:
    """Return what is said of some models, which run together."""
    plain = answers(worker, [request(one.code, input=one.input) for one in subjects], DEADLINE)
    made = [program(*pair) for pair in zip(subjects, plain, strict=True)]
    asked = {one: request(one.code, axes=one.axes) for one in made if one.names}
    named = dict(zip(asked, answers(worker, asked.values(), DEADLINE), strict=True))
    rows = zip(subjects, plain, made, strict=True)
    return [Answered(subject, answer, one, named.get(one, answer)) for subject, answer, one in rows]


def program(subject: Subject, answer: Answer) -> Program:
    """Return the program with its axes; a model without a graph has none, nor has one that fails."""
    if subject.input or isinstance(answer, Failure) or answer.model is None:
        return Program(subject.code)
    return subject.program or Program(subject.code, tuple(map(comparison.named_input, answer.model.inputs)))


def compared(one: Answered, tensorflow: Plain) -> Counter[str]:
    """Hold all that is said of a model against plain TensorFlow; return what was compared."""
    if one.subject.input:
        return at_inputs(one, tensorflow)
    tensorflow.send(code=one.subject.code)
    truth = tensorflow.said()
    if "error" in truth:
        assert isinstance(one.plain, Failure), one.plain
        assert one.plain.error is not None, one.plain
        assert (one.plain.error.type, one.plain.error.message) == (truth["error"], truth["message"])
        return Counter(errors=1)
    found = comparison.described(model_of(one.plain), truth, is_random=one.subject.program is not None)
    if not one.program.names:
        return found
    model = model_of(one.named)
    is_small = len(model.layers) < LARGE
    return found + comparison.at_sizes(one.program, model, tensorflow, is_near=is_small, is_far=is_small)


def model_of(answer: Answer) -> Model:
    assert isinstance(answer, Report), answer
    assert answer.model is not None
    return answer.model


def at_inputs(one: Answered, tensorflow: Plain) -> Counter[str]:
    """Compare calls of a model that has no graph at several sizes of each open axis of its input."""
    structure = input_spec.parse(one.subject.input)
    tensorflow.send(code=one.subject.code, is_described=False)
    said = tensorflow.said()
    for sizes in (*SIZES, *MULTIPLES) if "error" not in said else ():
        tensorflow.send(arguments=comparison.sized(structure, *sizes))
        if "error" not in (said := tensorflow.said()):
            break
    if "error" in said:
        assert isinstance(one.plain, Failure), (one.plain, said)
        return Counter(errors=1)
    model = model_of(one.plain)
    tensorflow.send()
    found = comparison.described(model, tensorflow.said(), is_random=False)
    specs = list(input_spec.tensors(structure))
    chosen = (*SIZES, *MULTIPLES) if any(None in spec.shape for spec in specs) else SIZES[:1]
    for sizes in chosen:
        if found["sizes"] == len(SIZES):
            break
        tensorflow.send(arguments=comparison.sized(structure, *sizes))
        said = tensorflow.said()
        if "error" in said:
            found["refused"] += 1
            continue
        found.update(comparison.called(model, said, {}))
        found["sizes"] += 1
    assert found["sizes"] >= min(len(chosen), comparison.SIZES), said
    found["axes"] = sum(spec.shape.count(None) for spec in specs)
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
    chosen = [pair for pair in subjects if text in pair[0]]
    for first in range(0, len(chosen), TOGETHER):
        names, some = zip(*chosen[first : first + TOGETHER], strict=True)
        for name, one in zip(names, answered(list(some), worker), strict=True):
            try:
                new = compared(one, tensorflow)
            except Exception as error:
                new = Counter(differences=1)
                print(
                    f"--- {group}: {name} differs\n{one.subject.code}\n{difference(error)}\n---", flush=True
                )
                tensorflow.close()  # It may have crashed.
                tensorflow = Plain()
            found.update(new)
            seconds = time.monotonic() - started
            print(f"{seconds:.0f} s {group}: {name}: {dict(new)}", file=sys.stderr, flush=True)
    tensorflow.close()
    found["seconds"] = round(time.monotonic() - started)
    return found


def difference(error: Exception) -> str:
    """Return what failed, mostly an assertion, with the values around it."""
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
