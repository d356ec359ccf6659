"""Shapes and counts that the audit recognises in comments, in what code printed, and in prose."""

from __future__ import annotations

import pytest

from sphinx_kerasshape.audit.recognise import recognise
from tests.support import work
from tests.support.recognised import notebook, recognised, stream, value


def found(code: str) -> str:
    """Return what is recognised in a block of Python besides the block."""
    lines = recognised("page.md", f"```python\n{code}\n```\n").splitlines()
    return "\n".join(line.partition(": ")[2] for line in lines if ": block" not in line)


@pytest.mark.parametrize(
    ("line", "stated"),
    [
        ("x = Conv1D(32, 3)(x)  # (batch, time - 2, 32)", "(batch, time - 2, 32) of x"),
        ("x = Dense(10)(x)  # -> (None, 10)", "(None, 10) of x"),
        ("x = Dense(10)(x)  # => (None, 10)", "(None, 10) of x"),
        ("x = Dense(10)(x)  # → (None, 10).", "(None, 10) of x"),
        ("x = Dense(10)(x)  # shape: (None, 10)", "(None, 10) of x"),
        ("x = Dense(10)(x)  # shape = (None, 10)", "(None, 10) of x"),
        ("x = Dense(10)(x)  # output shape (None, 64)", "(None, 64) of x"),
        ("x = Dense(10)(x)  # Output Shape: [batch_size, 64]", "[batch_size, 64] of x"),
        ("x = Dense(10)(x)  # TensorShape([None, 10])", "[None, 10] of x"),
        ("x = Dense(10)(x)  # (?, 10)", "(?, 10) of x"),
        ("x = Dense(10)(x)  # (batch, 3) -> (batch, 10)", "(batch, 10) of x"),
        ("x = Dense(10)(x)  # (B, ..., 10)", "(B, ..., 10) of x"),
        ("x = Conv2D(32, 3)(x)  # (26, 26, 32)", "(26, 26, 32) of x"),
        ("x = Dense(10)(x)  # -> (10, 20)", "(10, 20) of x"),
        ("x: Tensor = f(x)  # (None, 10)", "(None, 10) of x"),
        ("self.y = f(x)  # (None, 10)", "(None, 10) of self.y"),
        ("x += f(x)  # (None, 10)", "(None, 10) of x"),
        ("x = f(\n    x,\n)  # (None, 10)", "(None, 10) of x"),
        ("x = x[:, -1]  # (None, 10)", "(None, 10) of x"),
        ("a, b = f(x)  # (None, 4), (None, 5)", "(None, 4), (None, 5) of (a, b)"),
        ("f(x)  # (None, 10)", "(None, 10) of the value"),
        ("x  # (None, 10)", "(None, 10) of x"),
        ("x.shape  # (60000, 28, 28)", "(60000, 28, 28) of x.shape"),
        ("print(x.shape)  # (60000, 28, 28)", "(60000, 28, 28) of x.shape"),
        ("print(x.shape)\n# (60000, 28, 28)", "(60000, 28, 28) of x.shape"),
        ("model.output_shape\n# => (None, 3)", "(None, 3) of model.output_shape"),
        ("model.add(Dense(64))  # model.output_shape == (None, 64)", "(None, 64) of model.output_shape"),
        ("model.add(Dense(64))\n# now: model.output_shape == (None, 64)", "(None, 64) of model.output_shape"),
        ("x = 1\n# x.shape == (None, 64)", "(None, 64) of x.shape"),
        ("model.add(Dense(64))  # (None, 64)", "(None, 64) of model.layers[-1].output"),
        ("model.add(keras.Input((3,)))  # (None, 3)", "(None, 3) of model.input"),
        ("def f(x):\n    x = g(x)  # (None, 3)", "(None, 3) of x"),
        ("def f(x):\n    return g(x)  # (None, 3)", "(None, 3) of g(x)"),
        ("print(model.get_layer('ä').output)  # (None, 3)", "(None, 3) of model.get_layer('ä').output"),
    ],
)
def test_comments(line: str, stated: str) -> None:
    row = line.partition("\n#")[0].count("\n") + 1
    assert found(line) == f"comment {stated} after block 0 line {row}"


@pytest.mark.parametrize(
    "line",
    [
        "size = (32, 32)  # (height, width)",
        "input_shape = (28, 28, 1)  # (None, 28, 28, 1)",
        "x = Conv2D(32, (3, 3))(x)  # kernel (3, 3)",
        "x = Conv2D(32, (3, 3))(x)  # (3, 3)",
        "x = f(x)  # see (1)",
        "x = f(x)  # (1)",
        "x = MaxPooling2D()(x)  # (2, 2) pool",
        "x = MaxPooling2D()(x)  # (2, 2)",
        "x = Resizing(32, 32)(x)  # (height, width)",
        "x = f(x)  # (height, width, channels)",
        "x = f(x)  # shape: (height, width)",
        "x = f(x)  # (optional)",
        "x = f(x)  # (None)",
        "x = f(x)  # returns (loss, accuracy)",
        "a, b = f(x)  # (None, 3)",
        "(a, b), (c, d) = load()  # (60000, 28, 28)",
        "x = np.zeros((3, 4, 5))  # (3, 4, 5)",
        "x = f(x)\n# (None, 3)",
        "x = f(x)\n\n# (None, 3)",
        "print(x.shape)\n\n# (None, 3)",
        "def f(x):  # (None, 3)\n    pass",
        "x = f(  # (None, 3)\n    x)",
        "for x in y:  # (None, 3)\n    pass",
        "# (None, 3)",
        "x = f(x)  # was (None, 3), now (None, 4)",
        "x = f(x)  # (None, 3) or (None, 4)",
        "x = f(x)  # not (None, 3)",
        "x = f(x)  # (batch, 3",
        "s = '# (None, 3)'",
    ],
)
def test_comments_that_may_mean_something_else(line: str) -> None:
    assert found(line) == ""


def test_comments_inside_a_sequential() -> None:
    code = """\
self.net = keras.Sequential([
    keras.Input((28, 28, 1)),  # (None, 28, 28, 1)
    Conv2D(32, 3),  # (None, 26, 26, 32)
    # (None, 5)
    Sequential([
        Dense(3),  # (None, 3)
    ]),
    *more,
    Flatten(),
    Dense(
        10,
    ),  # (None, 10), with 330 params
    Dense(5),  # 55 params
    Dense(6)  # (None, 6)
])"""
    assert (
        found(code)
        == """\
comment (None, 28, 28, 1) of self.net.input after block 0 line 15
comment (None, 26, 26, 32) of self.net.layers[0].output after block 0 line 15
comment (None, 3) of self.net.layers[1].layers[0].output after block 0 line 15
count 55 of self.net.layers[-2].count_params() after block 0 line 15
comment (None, 6) of self.net.layers[-1].output after block 0 line 15"""
    )


def test_counts_in_comments() -> None:
    code = """\
model.count_params()  # 1,234
n = model.count_params()  # -> 1234
print(model.count_params())  # 1_234 parameters
model.add(Dense(3))  # 330 params
model.add(Dense(3))  # 330
x = Dense(3)(x)  # 330 params
"""
    assert (
        found(code)
        == """\
count 1,234 of model.count_params() after block 0 line 1
count 1234 of n after block 0 line 2
count 1_234 of model.count_params() after block 0 line 3
count 330 of model.layers[-1].count_params() after block 0 line 4"""
    )


@pytest.mark.parametrize(
    ("code", "shown", "stated"),
    [
        ("x.shape", "(None, 10)", "shape (None, 10) of x.shape"),
        ("x.shape", "TensorShape([None, 10])", "shape [None, 10] of x.shape"),
        ("x", "<KerasTensor shape=(None, 10), dtype=float32, name=keras_tensor_3>", "shape (None, 10) of x"),
        ("x", "<KerasTensor: shape=(None, 10) dtype=float32 (created by 'a')>", "shape (None, 10) of x"),
        ("x", "<tf.Tensor 'dense/BiasAdd:0' shape=(?, 10) dtype=float32>", "shape (?, 10) of x"),
        ("f(x)", "<tf.Tensor: shape=(2, 1), dtype=int8, numpy=\n[[1],\n[2]]>", "shape (2, 1) of the value"),
        ("f(x).shape", "(2, 1)", "shape (2, 1) of f(x).shape"),
        (
            "a.output_shape",
            "[(None, 4), (None, 5)]",
            "shape (None, 4) of (a.output_shape)[0] after block 0 line 1\n"
            "shape (None, 5) of (a.output_shape)[1]",
        ),
        ("shape", "(None, 4)", "shape (None, 4) of shape"),
        ("model.count_params()", "1234", "count 1234 of model.count_params()"),
        ("print(x.shape)", "(60000, 28, 28)", "shape (60000, 28, 28) of x.shape"),
        ("print('Shape of x:', x.shape)", "Shape of x: (3, 4)", "shape (3, 4) of x.shape"),
        ("print(f'{name} is {x.shape}!')", "A is (3, 4)!", "shape (3, 4) of x.shape"),
        ("print(f'{model.count_params():,} params')", "1,234 params", "count 1,234 of model.count_params()"),
        (
            "print(x.shape, y.shape)",
            "(3, 4) (5, 6)",
            "shape (3, 4) of x.shape after block 0 line 1\nshape (5, 6) of y.shape",
        ),
    ],
)  # fmt: skip
def test_printed_shapes(code: str, shown: str, stated: str) -> None:
    expected = f"{stated} after block 0 line 1"
    assert found(f">>> {code}\n{shown}") == expected
    output = stream(shown) if code.startswith("print") else value(shown)
    lines = recognised("page.ipynb", notebook(("code", code, [output]))).splitlines()
    assert "\n".join(line.partition(": ")[2] for line in lines[1:]) == expected


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        ("x", "(3, 4)"),
        ("divmod(7, 2)", "(3, 1)"),
        ("x.shape", "5"),
        ("x.shape[0]", "5"),
        ("x = x.shape", "(3, 4)"),
        ("print(x)", "(3, 4)"),
        ("print('Shape', x.shape, sep=':')", "Shape:(3, 4)"),
        ("print(*x.shape)", "(3, 4)"),
        ("x.shape", "(3, 4) and more"),
    ],
)
def test_printed_values_that_may_be_something_else(code: str, shown: str) -> None:
    assert found(f">>> {code}\n{shown}") == ""


def test_prints_of_a_cell_are_counted_off() -> None:
    code = "print('a')\nprint(x.shape)\nprint('Shape of y', y.shape)\nz.shape"
    outputs = [stream("a\n(3, 4)\n"), stream("Shape of y (5, 6)\n"), value("(7, 8)")]
    assert recognised("page.ipynb", notebook(("code", code, outputs))).splitlines()[1:] == [
        "cell 1 output 0 line 2: shape (3, 4) of x.shape after block 0 line 2",
        "cell 1 output 1 line 1: shape (5, 6) of y.shape after block 0 line 3",
        "cell 1 output 2 line 1: shape (7, 8) of z.shape after block 0 line 4",
    ]


@pytest.mark.parametrize(
    "below",
    [
        "```\n{shown}\n```",
        "Output:\n\n```text\n{shown}\n```",
        "\n    {shown}\n",
        "**Output**\n```console\n{shown}\n```",
    ],
)
def test_what_is_shown_below_a_block(below: str) -> None:
    page = f"```python\nx = f(x)\nx.shape\n```\n\n{below.format(shown='(None, 3)')}\n"
    assert (
        recognised("page.md", page)
        .splitlines()[-1]
        .endswith(": shape (None, 3) of x.shape after block 0 line 2")
    )
    page = f"```python\nprint('Shape:', x.shape)\ny\n```\n{below.format(shown='Shape: (3, 4)')}\n"
    assert (
        recognised("page.md", page)
        .splitlines()[-1]
        .endswith(": shape (3, 4) of x.shape after block 0 line 1")
    )


def test_what_is_shown_below_a_block_in_rest() -> None:
    page = "::\n\n  x.shape[1:]\n  print(x.shape)\n\nOutput::\n\n  (None, 3)\n"
    assert (
        recognised("page.rst", page).splitlines()[-1]
        == "line 8: shape (None, 3) of x.shape after block 0 line 2"
    )


@pytest.mark.parametrize(
    "page",
    [
        "```python\nx.shape\n```\n\nThis is another shape:\n\n```\n(None, 3)\n```\n",
        "```python\nx.shape\n```\n\n```bash\n(None, 3)\n```\n",
        "```python\nx.shape\n```\n\n```\n(None, 3)\n(None, 4)\n```\n",
        "```python\nx.shape\n```\n\n```\nabc\n```\n\n```\n(None, 3)\n```\n",
        "```python\nx.shape\ny = 1\n```\n\n```\n(None, 3)\n```\n",
    ],
)
def test_what_may_not_be_shown_by_a_block(page: str) -> None:
    assert ": shape" not in recognised("page.md", page)


def test_of_unequal_prints_only_labelled_ones_are_sure() -> None:
    code = (
        "fit()\nprint(x.shape)\nprint('Shape of y', y.shape)\nprint('Same', a.shape)\nprint('Same', b.shape)"
    )
    shown = "Epoch 1\n(3, 4)\nShape of y (5, 6)\nSame (1, 2)\nSame (1, 2)\n"
    assert recognised("page.ipynb", notebook(("code", code, [stream(shown)]))).splitlines()[1:] == [
        "cell 1 output 0 line 3: shape (5, 6) of y.shape after block 0 line 3"
    ]


PROSE = """\
The **output** is `(None, 64)`. It has [1,234 parameters](x.md "9 parameters") in all; about 1.2M params,
1 234 trainable parameters, or `5 parameters`, `x = 3` and `` `(None, 3)` ``! A kernel (3, 3) and batches
(None, 28) of snake_case_(None, 3) &amp; {shape}`(None, 5)`, {math}`(None, 6)`, f(None, 7), \\(None, 8).
![10 parameters](y.png) <b>11 parameters</b> `(3)`
It takes no parameters; version 1.5 parameters. 5 hyper-parameters.
"""


def test_prose() -> None:
    lines = recognised("page.md", PROSE).splitlines()
    assert [line.partition(" after block -1: ")[0].partition("prose ")[2] for line in lines] == [
        "shape (None, 64) as code",
        "count 1,234",
        "count about 1.2M",
        "count 1 234",
        "shape (None, 28)",
        "shape (None, 8)",
        "count 11",
        "count 1.5",
    ]
    assert lines[0].endswith(": The output is §")
    assert lines[1].endswith(": It has § in all")


def test_definitions() -> None:
    page = "<!-- kerasshape: define a = 1 -->\n\n```python\n# kerasshape: define b = [1, 2]\nx = 1\n```\n"
    assert recognised("page.md", page).splitlines()[-2:] == ["define a = 1", "define b = [1, 2]"]
    assert recognised("page.rst", ".. kerasshape: define c = 'x y'\n") == "define c = 'x y'"
    assert recognised("page.py", "# kerasshape: define d = 10_000\n").endswith("define d = 10_000")


@pytest.mark.parametrize(
    ("code", "stated"),
    [
        ("print(x.shape)\n# (None, 5)", ["(None, 5) of x.shape 1"]),
        ("print(x.shape)\n# Output: (None, 5)", ["(None, 5) of x.shape 1"]),
        ("print(x.shape)\n# Output:\n# (None, 5)", ["(None, 5) of x.shape 1"]),
        ('print("x:", x.shape)\n# x: (None, 5)', ["(None, 5) of x.shape 1"]),
        ('print(f"Out: {x.shape}")\n# Out: (None, 5)', ["(None, 5) of x.shape 1"]),
        ('print(f"Out {x.shape}")\n# Output: Out (None, 5)', ["(None, 5) of x.shape 1"]),
        ("print(x)\n# <KerasTensor shape=(None, 5), dtype=float32>", ["(None, 5) of x 1"]),
        ("print(x.shape)\nprint(y.shape)\n# (None, 5)\n# (None, 6)",
         ["(None, 5) of x.shape 1", "(None, 6) of y.shape 2"]),
        ("print(x.shape)\n# (None, 5)\nprint(y.shape)\n# (None, 6)",
         ["(None, 5) of x.shape 1", "(None, 6) of y.shape 3"]),
        ("print(x.shape)\ny.shape\n# (None, 5)\n# (None, 6)",
         ["(None, 5) of x.shape 1", "(None, 6) of y.shape 2"]),
        ("def f(x):\n    print('x', x.shape)\n    # x (None, 5)", ["(None, 5) of x.shape 2"]),
        ("print(x.shape, y.shape)\n# (None, 5) (None, 6)",
         ["(None, 5) of x.shape 1", "(None, 6) of y.shape 1"]),
        ("print(x.shape)\n# (None, 5)\n# which is what we want", ["(None, 5) of x.shape 1"]),
        ("print(x.shape)\nprint(y.shape)\n# (None, 5)\n# (None, 6) after pooling", []),
        ("print(x.shape)\nprint(y.shape)\n# (None, 5)\n# (None, 6)\n# (None, 7)", []),
        ("for x in y:\n    print('x', x.shape)\n    # x (None, 5)", []),
        ("print('x', x.shape)\n\n# x (None, 5)", []),
        ("print('x', x.shape)\n# y (None, 5)", []),
        ("print(crop)\n# (3, 4)", []),
    ],
)  # fmt: skip
@pytest.mark.parametrize("page", ["```python\n{}\n```\n", "# %%\n{}\n\n# %%\ny = 1\n", "{}\n"])
def test_comments_below_what_prints(code: str, stated: list[str], page: str) -> None:
    lines = recognised("page.md" if "```" in page else "page.py", page.format(code)).splitlines()
    found = [line.partition(": comment ")[2] for line in lines if ": comment " in line]
    assert [line.replace(" after block 0 line", "") for line in found] == stated


@pytest.mark.parametrize(
    "between",
    [
        "::\n",
        "Output::\n",
        "This prints::\n",
        "The output is:\n\n.. code-block:: text\n",
        "and the result is as follows:\n\n.. code-block:: none\n   :caption: Output\n   :linenos:\n",
        ".. parsed-literal::\n",
        ".. code-block:: text\n",
    ],
)
def test_printed_values_behind_code_in_rest(between: str) -> None:
    page = f".. code-block:: python\n\n   print(x.shape)\n\n{between}\n   (None, 5)\n"
    last = recognised("page.rst", page).splitlines()[-1]
    assert last.partition(": ")[2] == "shape (None, 5) of x.shape after block 0 line 1"


@pytest.mark.parametrize("between", ["With five units less, it prints::\n", "It isn't the case that\n\n::\n"])
def test_printed_values_of_something_else(between: str) -> None:
    page = f".. code-block:: python\n\n   print(x.shape)\n\n{between}\n   (None, 5)\n"
    assert ": shape" not in recognised("page.rst", page)


def test_a_print_beside_a_summary() -> None:
    table = (
        "Layer (type)      Output Shape     Param #\n"
        + "=" * 40
        + "\ndense (Dense)     (None, 8)        24\n"
    )
    cell = (
        "code",
        "print(x.shape)\nmodel.summary()\nprint(model.count_params())",
        [stream(f"(None, 6)\n{table}{'=' * 40}\nTotal params: 24\n24\n")],
    )
    lines = recognised("page.ipynb", notebook(cell)).splitlines()
    assert lines[1] == "cell 1 output 0 line 1: shape (None, 6) of x.shape after block 0 line 1"
    assert lines[-1] == "cell 1 output 0 line 7: count 24 of model.count_params() after block 0 line 3"
    assert len(lines) == 6


def echoes(path: str, text: str) -> list[str]:
    """Return the values that a document shows of what its code computes."""
    return [f"{one.expression} = {one.value}" for one in recognise(path, text.encode()).echoes]


@pytest.mark.parametrize(
    ("code", "shown", "found"),
    [
        ("print('Words:', len(words))", "Words: 78", ["len(words) = 78"]),
        ("print('Words: %d' % len(words))", "Words: 78", ["len(words) = 78"]),
        ("print('{} of {:,}'.format(a, b))", "7 of 1,200", ["a = 7", "b = 1200"]),
        ("print(f'{n:,} words, {x.shape}')", "1,200 words, (3, 4)", ["n = 1200", "x.shape = (3, 4)"]),
        ("print('Names: ' + str(names))", "Names: ['a', 'b']", ["names = ['a', 'b']"]),
        ("print(x.shape, y.shape)", "(32, 8) (32,)", ["x.shape = (32, 8)", "y.shape = (32,)"]),
        ("print(n, 'classes')", "9L classes", ["n = 9"]),
        ("x.shape", "(32, 8)", ["x.shape = (32, 8)"]),
        ("a, x.shape, 5", "(7, TensorShape([2, 3]), 5)", ["a = 7", "x.shape = (2, 3)"]),
        ("a, b", "7", []),
        ("print('Read.')\nlen(x)", "Read.\n32", ["len(x) = 32"]),
        ("for x in data.take(1):\n    print(x.shape)", "(32, 8)", ["x.shape = (32, 8)"]),
        ("for x in data:\n    print(x.shape)\n    break", "(32, 8)", ["x.shape = (32, 8)"]),
        ("a = flow_from_directory('a')", "Found 20 images belonging to 3 classes.", [" = (20, 3)"]),
        ("for x in data:\n    print(x.shape)", "(32, 8)", []),
        ("print('Loss:', loss)", "Loss: 0.25", []),
        ("print('Most:', len(x) + 1)", "Most: 79", []),
        ("print(f'Both: {a}{b}')", "Both: 79", []),
        ("print(f'Part: {a:02d}')", "Part: 07", []),
        ("print('Words:', words)", "Words: ['a', 'b', ...]", []),
        ("print('Size:', f(x))", "Size: 3", []),
        ("print('Size:', a)\nprint('Size:', b)", "Size: 3", []),
        ("print(a)\nif a:\n    print(b)", "3\n4", []),
        ("def f():\n    a = flow_from_directory('a')", "Found 20 images belonging to 3 classes.", []),
    ],
)
def test_values_that_a_document_shows(code: str, shown: str, found: list[str]) -> None:
    """In all formats alike; what is not certain, or may be rounded or cut off, is none."""
    indented = "\n".join(f"   {line}" for line in code.split("\n"))
    below = "\n".join(f"   {line}" for line in shown.split("\n"))
    output = stream(shown) if "print" in code or "Found" in shown else value(shown)
    outputs = [stream("Read.\n"), value("32")] if "Read" in code else [output]
    assert echoes("page.ipynb", notebook(("code", code, outputs))) == found
    html = f'```python\n{code}\n```\n\n<div class="shown">\n```\n{shown}\n```\n</div>\n'
    assert echoes("page.md", f"```python\n{code}\n```\n\n```\n{shown}\n```\n") == found
    assert echoes("page.md", html) == found
    rest = f".. code-block:: python\n\n{indented}\n\n.. code-block:: text\n\n{below}\n"
    assert echoes("page.rst", rest) == found


def test_code_behind_html() -> None:
    """A fence ends HTML that stands right above it; in text that is shown as it is, there is none."""
    shown = "<div>\n```\n1\n\n2\n```\n</div>\n\n```python\nx = f(1)\n```\n\n"
    text = shown + "<pre>\n```python\ny = 2\n```\n</pre>\n"
    assert recognised("page.md", text) == "line 10: block 0: x = f(1)"


def test_lines_that_no_call_has_printed_take_no_longer() -> None:
    """Values between texts: a line that may be divided in many ways is not divided in all of them."""

    def recognised_line(length: int) -> None:
        code = 'print(x, "a", y, "a", z, "a", "end")'
        recognise("a.md", f"```python\n{code}\n```\n\n```\n{'a ' * length}b\n```\n".encode())

    assert work.growth(recognised_line, 40) < work.LINEAR
