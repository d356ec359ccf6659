"""Shapes and counts in prose without a role: doubted with a reason, and only then."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.support.projects import Built, Project

CODE = {
    "pictures": """\
model = keras.Sequential([
    layers.Input((28, 28, 1)),
    layers.Conv2D(32, 3, activation="relu"),
    layers.MaxPooling2D(),
    layers.Conv2D(64, kernel_size=(3, 3), name="second"),
    layers.Flatten(),
    layers.Dropout(0.5),
    layers.Dense(10),
])""",
    "sequences": """\
model = keras.Sequential([
    layers.Input((None, 50)),
    layers.LSTM(64),
    layers.Dense(1),
])""",
}
# The first has (None, 26, 26, 32), (None, 13, 13, 32), (None, 11, 11, 64), (None, 7744), (None, 10);
# 320, 18,496, 77,450 and together 96,266 params.
# The second has (None, None, 50), (None, 64), (None, 1); 29,440, 65, 29,505 params.
SILENT = {
    "pictures": [
        # true
        "The first convolution returns `(None, 26, 26, 32)`, a sample of it is `(26, 26, 32)`.",
        "Its kernel has the shape `(3, 3, 1, 32)`, and its bias `(32,)`.",
        "There are 96,266 params, some 96k trainable parameters, about 96 thousand parameters.",
        "Both convolutions have 18,816 parameters together, and all layers 96,266 parameters.",
        "With a thin space that is 96\N{THIN SPACE}266 parameters, with a plain one 96 266 parameters.",
        # settings of layers
        "Most networks use `(3, 3)` kernels, older ones `(5, 5)` or even `(11, 11)` kernels.",
        "A `(2, 2)` pool halves both sides, and strides of `(2, 1)` only one.",
        "A window of `(1, 7)` sees a row, a kernel size of `(7, 1)` a column.",
        "Padding of `(1, 0)` adds one row.",
        # pictures
        "It also takes pictures of `(64, 64)` pixels, if they are resized from `(640, 480)`.",
        "Photos of shape `(224, 224, 3)` have to be cropped to `(28, 28)`.",
        "The maps of the first layer are `(26, 26)`, those behind it `(13, 13)`.",
        "A grid of `(4, 8)` pictures shows what the filters see.",
        "The data has the shape `(60000, 28, 28)` before the channel is added.",
        # batches
        "A batch of `(32, 28, 28, 1)` gives `(32, 10)`.",
        "For a single picture the result is `(1, 10)`.",
        # other things
        "The pair `(0, 1)` is the range of the values, and `(10, 20)` a point.",
        "`Conv2D(32, (4, 4))` would need more, so `(4, 4)` is no good choice.",
        "A transformer turns `(8, 128, 512)` into `(8, 128, 64)`.",
        "A shape such as `(None, 27, 27, 32)` would need another padding.",
        "It is not `(None, 26, 26, 31)`, as one might think.",
        # numbers in front of "param" that are no counts of weights
        "The layer takes 3 parameters: filters, size and activation.",
        "`Conv2D` accepts 12 parameters, of which two are required.",
        "A model takes 2 million parameters, or 2,000 parameters.",
        "Section 4 parameterizes the model, and Section 96 parametrizes it again.",
        "See Table 3, parameters of the optimizer.",
        "Adam has 4 parameters that matter.",
        "In 2024 parameters were cheap.",
        "The functions with 2 optional parameters come last.",
        "There are 3 hyper-parameters, and 5 layers with parameters.",
        # other models
        "VGG16 has 138,357,544 parameters, or 138 million parameters.",
        "Today 2 million parameters are few, and 7B parameters are not many.",
        "ResNet50 has 25.6M parameters, and GPT-3 has 175 billion parameters.",
        "LeNet has 96,706 parameters, MobileNetV9 had only 97k parameters.",
        "An old VGG-7 with about 18,490 parameters is SqueezeNet's rival, which has few.",
        "The largest has 1.2e9 parameters, and 54 410 parameters fit a watch.",
        # other tensors, and models that are only spoken of
        "One-hot, the labels are `(None, 11)`, and masks of the pictures `(28, 28, 2)`.",
        "In the paper, the same layer returns `(None, 26, 26, 64)`; a SimpleRNN has 97,266 parameters.",
        "Replace `(28, 28, 1)` by `(28, 28, 3)` for color, and the discriminator has 94,266 parameters.",
        "With 33 filters there are `(None, 26, 26, 33)` numbers and 99,266 parameters.",
        "In the bottleneck, `(26, 26, 8)` is enough; `(None, None, None, 32)` fits any size.",
        "The network of the last chapter had 94,266 parameters, and 99,999 parameters would be a few more.",
        "Rounded, the model has 96,270 parameters, and `(None, 3)` stands for something else.",
        # comparisons
        "It saves 90,000 parameters, and has more than 95,000 parameters.",
        "It has about 0.1 million trainable parameters.",
        "With fewer than 100,000 parameters, between 90,000 and 99,000 parameters, it is small.",
        "If there were 97,000 parameters, it would overfit.",
    ],
    "sequences": [
        "Each sample is `(7, 50)`, or `(1000, 50)`, and a batch is `(32, 7, 50)`.",
        "`Input((None, 50))` leaves the batch out, so that `(None, 50)` is the shape of a sample.",
        "The argument `(None, 50)` is written without a batch.",
        "An LSTM has `(50, 256)` and `(64, 256)` as kernels, and a bias of `(256,)`.",
        "Each gate of 4 parameters groups has 64 units.",
        "The hidden state is `(None, 32)`, and a mask `(None, None)`; scores would be `(None, 8, 50, 50)`.",
        "A bidirectional LSTM returns `(None, 128)`, and a GRU of that size has 29,240 parameters.",
        "A sigmoid gives `(None, 1)`, any model of images `(None, 224, 224, 3)`.",
        "It has 29.5k params, 29 505 params, 29'505 params.",
    ],
}
DOUBTED = {
    "pictures": [
        # sentence, what is doubted, the nearest
        ("The first convolution returns `(None, 26, 26, 31)`.", "(None, 26, 26, 31)", "(None, 26, 26, 32)"),
        (
            "It returns `(None, 28, 28, 32)`, the size of its input.",
            "(None, 28, 28, 32)",
            "(None, 26, 26, 32)",
        ),
        ("After pooling there are `(9, 9, 64)` numbers.", "(9, 9, 64)", "(None, 11, 11, 64)"),
        ("After pooling there are `(12, 12, 64)` numbers.", "(12, 12, 64)", "(None, 11, 11, 64)"),
        ("One sample is `(28, 28, 3)`.", "(28, 28, 3)", "(None, 28, 28, 1)"),
        ("Flatten turns them into `(None, 7743)`.", "(None, 7743)", "(None, 7744)"),
        ("The output is `(None, 11)`.", "(None, 11)", "(None, 10)"),
        ("The first kernel is `(3, 3, 1, 64)`.", "(3, 3, 1, 64)", "(3, 3, 1, 32)"),
        ("The kernel of the Dense layer is `(7744, 11)`.", "(7744, 11)", "(7744, 10)"),
        ("The channels come first: `(None, 32, 26, 26)`.", "(None, 32, 26, 26)", "(None, 26, 26, 32)"),
        ("Its output, `(None, 10, 1)`, is a row of scores.", "(None, 10, 1)", "(None, 10)"),
        ("There are 96,267 params.", "96,267", "96,266"),
        ("There are 97 thousand parameters.", "97 thousand", "96,266"),
        ("The model takes 97,262 parameters.", "97,262", "96,266"),
        ("It needs 97.5 thousand parameters.", "97.5 thousand", "96,266"),
        ("The second convolution has 18,469 parameters.", "18,469", "18,496"),
        ("The last layer has 77,440 weights and 77,540 parameters.", "77,540", "77,450"),
        ("That makes 1.1e5 parameters.", "1.1e5", "96,266"),
        ("Together they have 18 826 parameters.", "18 826", "18,816"),
        ("Conv2D has 330 parameters.", "330", "320"),
        ("The first one has 330 parameters.", "330", "320"),
        ("The second one has 18.6k parameters.", "18.6k", "18,496"),
        ("In all, 86,266 learnable parameters are trained.", "86,266", "96,266"),
    ],
    "sequences": [
        ("The input has the shape `(None, 50)`.", "(None, 50)", "(None, None, 50)"),
        ("The LSTM returns `(None, None, 64)`.", "(None, None, 64)", "(None, 64)"),
        ("The LSTM returns `(None, 50, 64)`.", "(None, 50, 64)", "(None, None, 50)"),
        ("The kernel of the LSTM is `(50, 128)`.", "(50, 128)", "(50, 256)"),
        ("The Dense layer has 66 parameters.", "66", "65"),
        ("There are 29,633 params.", "29,633", "29,505"),
        ("The LSTM has 29,404 parameters.", "29,404", "29,440"),
    ],
}
WARNING = re.compile(
    r"(\S+):(\d+): WARNING: (?:no model on this page has the shape (?P<shape>.*?)|nothing on this page has "
    r"(?P<count>.*?) params); the nearest (?:is|count is) (?P<nearest>.*?), (?:the|that) [^:]*: "
    r"correct the text, let a role check it, or write keras:unchecked if it is meant \[kerasshape\.lint\]"
)


def page(name: str, markup: str) -> str:
    sentences = [*SILENT[name], *(sentence for sentence, *_ in DOUBTED[name])]
    if markup == "md":
        block = f"```{{keras:model}} {name}-md\n{CODE[name]}\n```"
        return "\n\n".join([f"# {name}", block, *sentences, ""])
    code = "\n".join(f"   {line}" for line in CODE[name].splitlines())
    sentences = [sentence.replace("`", "``") for sentence in sentences]
    return "\n\n".join([f"{name}\n{'=' * len(name)}", f".. keras:model:: {name}-rst", code, *sentences, ""])


@pytest.fixture(scope="module")
def corpus(make_project: Callable[..., Project]) -> tuple[Project, Built]:
    pages = {f"{name}.md": page(name, "md") for name in CODE}
    pages |= {f"{name}-rst.rst": page(name, "rst") for name in CODE}
    project = make_project(pages, "kerasshape_lint = True\n")
    return project, project.build("dummy")


@pytest.mark.parametrize("file", ["pictures.md", "sequences.md", "pictures-rst.rst", "sequences-rst.rst"])
def test_what_is_doubted_and_what_is_not(file: str, corpus: tuple[Project, Built]) -> None:
    project, built = corpus
    lines = (project.folder / "source" / file).read_text(encoding="utf-8").splitlines()
    found = []
    for text in built.warnings:
        if text.startswith(f"{file}:"):
            warning = WARNING.fullmatch(text)
            assert warning, text
            sentence = lines[int(warning[2]) - 1].replace("``", "`")
            found.append((sentence, warning["shape"] or warning["count"], warning["nearest"]))
    wanted = DOUBTED[file.partition(".")[0].removesuffix("-rst")]
    assert sorted(found) == sorted(wanted)


RST = """
Page
====

.. keras:model:: dense

   keras.Sequential([keras.Input((None, 50)), layers.Dense(128)])

The kernel is ``(50, 127)``.

Intended: :keras:unchecked:`(None, 128)`, checked: :keras:shape:`(None, None, 50) <dense.input>`.

There are 6,528 params, about 6.5k trainable parameters,
but 7,818 parameters are too many.
"""
MD = """
# Page

```{keras:model} dense
keras.Sequential([keras.Input((None, 50)), layers.Dense(128)])
```

The kernel is `(50, 127)`.

Intended: {keras:unchecked}`(None, 128)`, checked: {keras:shape}`(None, None, 50) <dense.input>`.

There are 6,528 params, about 6.5k trainable parameters,
but 7,818 parameters are too many.
"""
MENDING = ": correct the text, let a role check it, or write keras:unchecked if it is meant [kerasshape.lint]"


def test_every_build_repeats_it(make_project: Callable[..., Project]) -> None:
    pages = {"one.rst": RST, "two.md": MD.replace("dense", "other"), "three.md": "Only `(50, 127)`.\n"}
    project = make_project(pages, "kerasshape_lint = True\n")
    wanted = [
        f"{place}: WARNING: no model on this page has the shape (50, 127); "
        f"the nearest is (50, 128), the kernel of 'dense'{MENDING}"
        for place in ("one.rst:9", "two.md:8")
    ]
    wanted += [
        f"{place}: WARNING: nothing on this page has 7,818 params; "
        f"the nearest count is 6,528, that of the model{MENDING}"
        for place in ("one.rst:14", "two.md:13")
    ]
    for _ in ("cold", "warm"):
        built = project.build("text")
        found = [warning for warning in built.warnings if "kerasshape" in warning]
        assert sorted(found) == sorted(wanted)


def test_a_count_in_the_language_of_the_page(make_project: Callable[..., Project]) -> None:
    code = "keras.Sequential([keras.Input((None, 50)), layers.LSTM(64), layers.Dense(1)])"
    text = f"# Seite\n\n```{{keras:model}} m\n{code}\n```\n\nEs sind 29.505 Parameter, 29,5k Parameter.\n\n"
    text += "Es sind 29.506 Parameter.\n"
    project = make_project({"index.md": text}, "language = 'de'\nkerasshape_lint = True\n")
    assert project.build("dummy").warnings == [
        "index.md:9: WARNING: nothing on this page has 29.506 params; "
        f"the nearest count is 29.505, that of the model{MENDING}"
    ]


def test_it_is_off_by_default(make_project: Callable[..., Project]) -> None:
    built = make_project({"one.rst": RST}).build("text")
    assert built.warnings == []
