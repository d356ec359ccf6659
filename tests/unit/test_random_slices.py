"""Slices of random programs: running the slice gives what running everything gives."""

from hypothesis import given, settings
from hypothesis import strategies as st

from sphinx_kerasshape.audit.document import Subject
from sphinx_kerasshape.audit.slicing.slices import slice_of

START = """
class Box:
    def __init__(self, held):
        self.held = held

    def add(self, value):
        self.held.append(value)

    def swap(self, other):
        self.held, other.held = other.held, self.held

    def inside(self):
        print("looked at")
        return self.held

class Twice(Box):
    def add(self, value):
        super().add(value)
        super().add([value])

def put(holder, value):
    count = len(value)
    print(count)
    holder.append(value)

def same(value):
    return value

def wrapped(value):
    return [value]

def first(value):
    return value[0] if value else value

def put_indirectly(value):
    local = first(value)
    put(local, a)

def rebound():
    global b
    b = [a]

def adder(holder):
    def add(value):
        holder.append(value)
    return add

def emptied(value):
    del value[1:]
    return len(value)

a, b, c = [], [[]], [[[]], []]
d = {"k": a}
e = {"k": [b], "j": c}
o, p = Box(a), Box([c])
f = adder(c)
"""

LISTS = ("a", "b", "c")
SIMPLE = (
    "{x} = []",
    "{x} = {y}",
    "{x} = [{y}, {z}]",
    "{x} = {y} + {z}",
    "{x} = list({y})",
    "{x} = {y}[:1]",
    "{x} = [[v] for v in {y}]",
    "{x} = [v for v in {y} if len(v)]",
    "{x}, {y} = {y}, [{x}]",
    "{x}, *{y} = [{z}, *{y}]",
    "{x} += [{y}]",
    "{x}.append({y})",
    "{x}.extend({y}[:2])",
    "{x}.insert(0, {y})",
    "{x}[:1] = [{y}]",
    "first({x}).append({y})",
    "{x} = first({y})",
    "{x} = same({y})",
    "{x} = wrapped({y})",
    "put({x}, {y})",
    "put_indirectly({x})",
    "rebound()",
    "f({x})",
    "f = adder({x})",
    "f = {x}.append",
    "f = lambda v: v.append({x})",
    "n = emptied({x})",
    "print({x})",
    "del {x}[:1]",
    "({x} := [{y}]).append({z})",
    "[v.append({y}) for v in list({x})]",
    "list(map({x}.append, list({y})))",
    "n = {x}.pop() if {x} else 0",
    "g = iter(list({x}))",
    'd["k"] = {x}',
    '{x} = d["k"]',
    'd["k"].append({x})',
    'e["j"] = d["k"]',
    "e.update(k={x})",
    '{x} = e.get("k")',
    "d = dict(e)",
    "d = e",
    'e.pop("l", None)',
    "o = Box({x})",
    "p = Twice({x})",
    "o = p",
    "o.held = {x}",
    "o.held += [{x}]",
    "o.add({x})",
    "p.add({x})",
    "o.swap(p)",
    "{x} = p.inside()",
    "o.inside().append({x})",
    "{x} = o.held",
    'setattr(o, "held", {x})',
    '{x} = getattr(p, "held")',
)
COMPOUND = (
    "if len({x}) > 1:\n    {s}\nelse:\n    {t}",
    "if {x}:\n    {s}",
    "for v in list({x}):\n    {s}\n    v.append({y})",
    "for v in list({x})[:2]:\n    {s}\n    {t}",
    "for v in list({x}):\n    if len(v) > 1:\n        break\n    {s}",
    "for v in list({x})[:3]:\n    if v:\n        continue\n    {s}\n    {t}",
    "m = 0\nwhile len({x}) < 3 and m < 4:\n    m += 1\n    {x} = {x} + [{y}]\n    {s}",
    "try:\n    {s}\n    {x}.append({y}[0])\n    {t}\nexcept IndexError:\n    {x} = {y}",
    "try:\n    {s}\nfinally:\n    {t}",
    "match {x}:\n    case [v, *n]:\n        {s}\n        v.append({y})\n    case _:\n        {t}",
    "def put(holder, value):\n    {s}\n    holder.append({z})",
)


@st.composite
def _simple(draw):
    names = {key: draw(st.sampled_from(LISTS)) for key in "xyz"}
    return draw(st.sampled_from(SIMPLE)).format(**names)


@st.composite
def _statement(draw):
    if draw(st.integers(0, 3)):
        return draw(_simple())
    names = {key: draw(st.sampled_from(LISTS)) for key in "xyz"}
    pattern = draw(st.sampled_from(COMPOUND))
    inside = [draw(_simple()) for _ in "st"]
    if pattern.startswith("def"):
        inside = ["local = [{z}]".format(**names), ""]
    return pattern.format(**names, s=inside[0], t=inside[1])


def _shape(value, known=None):
    """What a value looks like, with its cycles and what it holds twice."""
    known = {} if known is None else known
    if not isinstance(value, list | dict) and not hasattr(value, "held"):
        return "thing"
    if id(value) in known:
        return known[id(value)]
    known[id(value)] = len(known)
    if isinstance(value, list):
        return [_shape(part, known) for part in value]
    if isinstance(value, dict):
        return {key: _shape(part, known) for key, part in value.items()}
    return (type(value).__name__, _shape(value.held, known))


def _value(codes, expression):
    names = {"print": lambda *_: None}
    for code in codes:
        exec(compile(code, "document", "exec"), names)
    return _shape(eval(expression, names))


PROGRAMS = st.lists(_statement(), min_size=1, max_size=14)
SUBJECTS = st.sampled_from(["a", "b", "c", "d", "e", "o", "p", "o.held", "[a, b]"])


@settings(max_examples=300, deadline=None)
@given(PROGRAMS, SUBJECTS)
def test_running_the_slice_gives_what_running_everything_gives(program, expression):
    codes = [START, *program]
    subject = Subject(len(codes) - 1, 99, expression)
    found = slice_of(codes, subject)
    assert not found.missing
    pieces = [piece.code for piece in found.pieces]
    assert _value(pieces, expression) == _value(codes, expression), "\n".join(pieces)
