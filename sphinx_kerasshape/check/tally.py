"""The tally of ``fix``: how many statements hold, were rewritten, or could not be checked, and why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

from sphinx_kerasshape import claims
from sphinx_kerasshape.check.warnings import OF_NO_MODEL
from sphinx_kerasshape.files import relative
from sphinx_kerasshape.pages.context import BuildContext
from sphinx_kerasshape.text import counted, listed, quoted

if TYPE_CHECKING:
    from pathlib import Path

    from sphinx_kerasshape.claims.verdicts import Verdict

_LOCATIONS = 3
"""The statements of one cause whose lines are listed."""


def is_unchecked(verdict: Verdict) -> bool:
    """Whether a statement could not be compared with anything, since its model has no answer."""
    return not (verdict.holds or verdict.actual or verdict.problem or verdict.is_open)


def reasons(verdicts: Iterable[Verdict], context: BuildContext, folder: Path) -> Iterator[str]:
    """Yield a line for each cause that has kept statements from being checked."""
    locations: dict[str, list[str]] = defaultdict(list)
    for verdict in filter(is_unchecked, verdicts):
        locations[_reason(verdict, context)].append(relative(verdict.claim.location, folder))
    for reason, places in locations.items():
        lines = listed(list(dict.fromkeys(places)), _LOCATIONS)
        yield f"{counted(len(places), 'statement')} could not be checked ({lines}): {reason}"


def summary(held: int, rewritten: int, unfixed: int, unchecked: int, *, dry: bool) -> str:
    """Return the last line: ``27 statements hold, 3 were rewritten, 2 could not be checked``."""
    if not held + rewritten + unfixed + unchecked:
        return "there are no statements to check"
    if not rewritten + unfixed + unchecked:
        return "the only statement holds" if held == 1 else f"all {held:,} statements hold"
    was = "would be" if dry else "was" if rewritten == 1 else "were"
    outcomes = [
        (held, f"hold{'s' if held == 1 else ''}"),
        (rewritten, f"{was} rewritten"),
        (unfixed, "could not be rewritten"),
        (unchecked, "could not be checked"),
    ]
    first, *others = ((number, outcome) for number, outcome in outcomes if number)
    return ", ".join(
        [f"{counted(first[0], 'statement')} {first[1]}", *(f"{n:,} {outcome}" for n, outcome in others)]
    )


def _reason(verdict: Verdict, context: BuildContext) -> str:
    """Return why the model of a statement has no answer."""
    with suppress(claims.targets.Unresolved, KeyError):
        _, block = context.models[claims.targets.parse(verdict.claim.target).model]
        failure = context.results[block.request].failure
        if failure is not None:
            message = failure.message.partition("\n")[0]
            is_of_all = failure.problem in (None, *OF_NO_MODEL)
            return message if is_of_all else f"model {quoted(block.name)} has no answer: {message}"
    return "its model has no answer"
