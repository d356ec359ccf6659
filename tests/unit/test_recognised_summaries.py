"""Printed summaries of all versions of Keras that the audit recognises, and the models that they are of."""

from __future__ import annotations

import pytest

from tests.support.recognised import notebook, recognised, stream

KERAS_3 = """\
Model: "nested"
┏━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━┳━━━━━━━━┳━━━━━━━━━━━━━┳━━━━━┓
┃               ┃ Output      ┃  Param ┃ Connected   ┃     ┃
┃ Layer (type)  ┃ Shape       ┃      # ┃ to          ┃ Tr… ┃
┡━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━╇━━━━━━━━╇━━━━━━━━━━━━━╇━━━━━┩
│ image         │ (None, 32,  │      0 │ -           │  -  │
│ (InputLayer)  │ 32, 3)      │        │             │     │
├───────────────┼─────────────┼────────┼─────────────┼─────┤
│ batch_normal… │ (None, 32,  │     64 │ conv2d_1[0… │  Y  │
│ (BatchNormal… │ 32, 16)     │        │ add[0][0]   │     │
├───────────────┼─────────────┼────────┼─────────────┼─────┤
│    └          │ (None, 16,  │      0 │ -           │  -  │
│ max_pooling2d │ 16, 8)      │        │             │     │
│ (MaxPooling2… │             │        │             │     │
├───────────────┼─────────────┼────────┼─────────────┼─────┤
│ lstm (LSTM)   │ [(None, 4), │    208 │ a[0][0],    │  N  │
│               │ (None, 4)]  │        │ b[0][0]     │     │
├───────────────┼─────────────┼────────┼─────────────┼─────┤
│ dense (Dense) │ ?           │      0 │ lstm[0][0]  │  Y  │
│               │             │ (unbu… │             │     │
└───────────────┴─────────────┴────────┴─────────────┴─────┘
 Total params: 1,962 (7.66 KB)
 Trainable params: 1,914 (7.48 KB)
 Non-trainable params: 48 (192.00 B)
 Optimizer params: 2 (8.00 B)
"""


def test_boxes_of_keras_3() -> None:
    assert (
        recognised("page.md", f"```\n{KERAS_3}```\n")
        == """\
line 3: boxed summary nested perhaps of nothing
  image | InputLayer | (None, 32, 32, 3) | 0 | - | -
  batch_normal…~ | BatchNormal…~ | (None, 32, 32, 16) | 64 | conv2d_1[0…, add[0][0]~ | Y
  > max_pooling2d | MaxPooling2…~ | (None, 16, 16, 8) | 0 | - | -
  lstm | LSTM | [(None, 4), (None, 4)] | 208 | a[0][0], b[0][0] | N
  dense | Dense | ? | 0 (unbu…~ | lstm[0][0] | Y
  total: 1,962 (7.66 KB)
  trainable: 1,914 (7.48 KB)
  non_trainable: 48 (192.00 B)
  optimizer: 2 (8.00 B)"""
    )


def test_colours_and_several_outputs() -> None:
    """A notebook of Keras 3 has the title, the table and each total as outputs of their own."""
    title = '\x1b[1mModel: "sequential"\x1b[0m\n'
    bold, none = "\x1b[1m \x1b[0m\x1b[1m", "\x1b[38;5;45mNone\x1b[0m"
    table = f"""\
┏━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━┓
┃{bold}Layer (type)  \x1b[0m\x1b[1m \x1b[0m┃{bold}Output Shape   \x1b[0m┃ Param # ┃
┡━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━┩
│ conv (\x1b[38;5;33mConv2D\x1b[0m)  │ ({none}, \x1b[38;5;34m26\x1b[0m)  │   \x1b[38;5;34m1,320\x1b[0m │
└────────────────┴────────────────────┴─────────┘
"""
    total = "\x1b[1m Total params: \x1b[0m\x1b[38;5;34m1,320\x1b[0m (1.25 KB)\n"
    outputs = [{"output_type": "display_data", "metadata": {}, "data": {"text/plain": text}}
               for text in (title, table, total)]  # fmt: skip
    assert (
        recognised("page.ipynb", notebook(("code", "model.summary()", outputs)))
        == """\
cell 1 line 1: block 0: model.summary()
cell 1 output 1 line 1: boxed summary sequential of model after block 0 line 1
  conv | Conv2D | (None, 26) | 1,320
  total: 1,320 (1.25 KB)"""
    )


KERAS_2 = """\
Model: "nested_model"
_____________________________________________________________________________________________________________
 Layer (type)                Output Shape                 Param #   Connected to                  Trainable  
=============================================================================================================
 image (InputLayer)          [(None, 32, 32, 3)]          0         []                            Y          
                                                                                                             
 batch_normalization_1 (Bat  (None, 32, 32, 16)           64        ['conv2d_1[0][0]']            Y          
 chNormalization)                                                                                            
                                                                                                             
 add (Add)                   (None, 32, 32, 16)           0         ['conv2d_1[0][0]',            Y          
                                                                     'batch_normalization_1[0][              
                                                                    0]']                                     
                                                                                                             
 encoder_part (Sequential)   (None, 16, 16, 8)            1192      ['add[0][0]']                 Y          
|¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯|
| conv2d (Conv2D)            (None, 32, 32, 8)            1160      []                            Y         |
|                                                                                                           |
| batch_normalization (Batc  (None, 32, 32, 8)            32        []                            Y         |
| hNormalization)                                                                                           |
¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯
 lstm (LSTM)                 [(None, 4),                  208       ['reshape[0][0]']             Y          
                              (None, 4),                                                                     
                              (None, 4)]                                                                     
                                                                                                             
=============================================================================================================
Total params: 1962 (7.66 KB)
Trainable params: 1914 (7.48 KB)
Non-trainable params: 48 (192.00 Byte)
_____________________________________________________________________________________________________________
"""  # noqa: W291, W293


def test_columns_of_keras_2() -> None:
    assert (
        recognised("page.md", f"```text\n{KERAS_2}```\n")
        == """\
line 4: summary nested_model perhaps of nothing
  image | InputLayer | [(None, 32, 32, 3)] | 0 | [] | Y
  batch_normalization_1 | BatchNormalization | (None, 32, 32, 16) | 64 | ['conv2d_1[0][0]'] | Y
  add | Add | (None, 32, 32, 16) | 0 | ['conv2d_1[0][0]', 'batch_normalization_1[0][0]'] | Y
  encoder_part | Sequential | (None, 16, 16, 8) | 1192 | ['add[0][0]'] | Y
  > conv2d | Conv2D | (None, 32, 32, 8) | 1160 | [] | Y
  > batch_normalization | BatchNormalization | (None, 32, 32, 8) | 32 | [] | Y
  lstm | LSTM | [(None, 4), (None, 4), (None, 4)] | 208 | ['reshape[0][0]'] | Y
  total: 1962 (7.66 KB)
  trainable: 1914 (7.48 KB)
  non_trainable: 48 (192.00 Byte)"""
    )


OLDER = """\
Model: "model_3"
__________________________________________________________________________________________________
Layer (type)                    Output Shape         Param #     Connected to
==================================================================================================
batch_normalization_1 (BatchNor (None, 28, 28, 64)   256         conv2d_1[0][0]
__________________________________________________________________________________________________
concatenate_12 (Concatenate)    (None, 28, 28, 6     0           up_sampling2d_1[0][0]
                                                                 conv2d_4[0][0]
__________________________________________________________________________________________________
a_name_that_is_very_long_and_cu multiple             0
...
__________________________________________________________________________________________________
dense_1 (Dense)                 [(None, 1), (None, 7 1,025       flatten_1[0][0]
==================================================================================================
Total params: 1,281
Trainable params: 1,153
Non-trainable params: 128
__________________________________________________________________________________________________
"""


def test_cut_cells_and_left_out_rows_of_older_keras() -> None:
    assert (
        recognised("page.md", f"```\n{OLDER}```\n")
        == """\
line 4: partial summary model_3 perhaps of nothing
  batch_normalization_1 | BatchNor~ | (None, 28, 28, 64) | 256 | conv2d_1[0][0]
  concatenate_12 | Concatenate | (None, 28, 28, 6~ | 0 | up_sampling2d_1[0][0], conv2d_4[0][0]
  a_name_that_is_very_long_and_cu~ | ~ | multiple | 0
  dense_1 | Dense | [(None, 1), (None, 7~ | 1,025 | flatten_1[0][0]
  total: 1,281
  trainable: 1,153
  non_trainable: 128"""
    )


SHORT = """\
_________________________________________________________________
Layer (type)                 Output Shape              Param #
=================================================================
dense (Dense)                (None, 10)                330
=================================================================
Total params: 330
"""
ROW = "\n  dense | Dense | (None, 10) | 330\n  total: 330"


def prefixed(text: str, prefix: str) -> str:
    return "".join(f"{prefix}{line}\n" for line in text.splitlines())


def found(page: str, path: str = "page.md") -> str:
    """Return the recognised summaries without their rows, which all are those of ``SHORT``."""
    lines = recognised(path, page).replace(ROW, "").splitlines()
    return "\n".join(line for line in lines if ": block" not in line)


def test_summaries_inside_code() -> None:
    for inside in (
        prefixed(SHORT, "# "),
        f"'''\n{SHORT}'''\n",
        f'"""{SHORT}"""\n',
        SHORT,
        prefixed(SHORT, "#"),
    ):
        page = f"```python\nb.summary()\n\n{inside}c = 1\n```\n"
        assert found(page).partition(": ")[2] == "summary - of b after block 0 line 1"
        assert recognised("page.md", page).count("(None, 10)") >= 1


def test_summaries_below_prompts() -> None:
    page = f">>> model.summary()\n{SHORT}>>> print(base.encoder.summary(line_length=90))\n{SHORT}None\n"
    assert (
        found(f"```\n{page}```\n")
        == """\
line 4: summary - of model after block 0 line 1
line 11: summary - of base.encoder after block 0 line 8"""
    )


def test_a_summary_in_its_own_fence_belongs_to_the_call_above() -> None:
    for fence in ("", "text", "console", "python"):
        page = f"```python\nm.get_layer('a').summary()\n```\n\nSo:\n\n```{fence}\n{SHORT}```\n"
        assert found(page) == "line 9: summary - of m.get_layer('a') after block 0 line 1"


FENCE = f"```\n{SHORT}```\n"


def test_several_summaries_are_paired_in_order() -> None:
    page = f"```python\na.summary()\nb.summary()\n```\n{FENCE}{FENCE}"
    assert (
        found(page)
        == """\
line 7: summary - of a after block 0 line 1
line 15: summary - of b after block 0 line 2"""
    )


def test_unequal_numbers_of_summaries_are_not_linked() -> None:
    page = f"```python\na.summary()\nb.summary()\n```\n{FENCE}"
    assert (
        found(page)
        == """\
line 7: summary - perhaps of b after block 0 line 2, a after block 0 line 1"""
    )


def test_summaries_above_their_code_are_not_linked_with_that_of_others() -> None:
    page = f"{FENCE}```python\na.summary()\n```\n{FENCE}```python\nb.summary()\n```\n"
    assert (
        found(page)
        == """\
line 3: summary - perhaps of a after block 0 line 1, b after block 1 line 1
line 14: summary - perhaps of a after block 0 line 1, b after block 1 line 1"""
    )


def test_models_by_title_then_the_nearest() -> None:
    title = 'Model: "second"\n'
    page = (
        "```python\nfirst = keras.Sequential()\n```\n```python\nx = keras.Model(name='second')\n"
        f"encoder = build()\n```\n```\n{title}{SHORT}```\n```python\nlast = keras.Sequential()\n```\n"
    )
    assert found(page) == (
        "line 11: summary second perhaps of x after block 1 line 1, encoder after block 1 line 2, "
        "first after block 0 line 1, last after block 2 line 1"
    )


def test_a_summary_after_other_code_still_belongs_to_the_call() -> None:
    page = f"```python\na.summary()\n```\n```python\na.fit()\n```\n{FENCE}{FENCE}"
    assert found(page).splitlines()[0] == "line 9: summary - perhaps of a after block 0 line 1"


def test_what_is_no_summary() -> None:
    for text in (
        "┏━━━┓\n┃ a ┃\n┡━━━┩\n│ b │\n└───┘\n",
        "Layer (type)   Output Shape   Param #\n",
        "Layer (type)   Output Shape   Param #\n=====\nnothing here\n",
        "Total params: 5\n",
    ):
        assert found(f"```\n{text}```\n") == ""
    code = "keras.utils.plot_model(model)\ntf.summary.scalar('a', 1)\ndef f():\n    m.summary()\n"
    assert found(f"```python\n{code}```\n{FENCE}") == "line 9: summary - perhaps of nothing"


def test_a_summary_in_html() -> None:
    page = f"<pre>{prefixed(SHORT, '')}</pre>".replace("330\n=", "<span style='a'>330</span>\n=")
    assert found(f"```python\nm.summary()\n```\n\n{page}") == "line 6: summary - of m after block 0 line 1"


def test_a_summary_in_a_list_and_in_rest() -> None:
    page = f"- a\n\n  ```\n{prefixed(SHORT, '  ')}  ```\n"
    assert found(page) == "line 5: summary - perhaps of nothing"
    page = f"Code::\n\n    m.summary()\n\nIt prints\n\n.. code-block:: none\n\n{prefixed(SHORT, '   ')}"
    assert found(page, "page.rst") == "line 10: summary - of m after block 0 line 1"


def test_other_outputs_around_a_summary() -> None:
    page = notebook(("code", "m.summary()", [stream(f"Epoch 1\n{SHORT}Done\n")]))
    assert found(page, "page.ipynb") == "cell 1 output 0 line 3: summary - of m after block 0 line 1"


def test_blank_lines_of_examples_with_prompts() -> None:
    table = SHORT.strip("\n").split("\n")
    shown = "\n<BLANKLINE>\n".join([*table, ">>> model.name\n'model'"])
    found = recognised("page.md", f"```pycon\n>>> model.summary()\n{shown}\n```\n")
    plain = recognised("page.ipynb", notebook(("code", "model.summary()", [stream(SHORT)])))
    assert found.splitlines()[2:] == plain.splitlines()[2:]


@pytest.mark.parametrize("before", [">>> model = f()\n>>> model.summary()\n", "", "It is::\n\n"])
def test_a_summary_in_a_docstring_is_stated_once(before: str) -> None:
    shown = SHORT.replace("\n", "\n    ") if before.endswith("::\n\n") else SHORT
    found = recognised("page.py", f'"""A model.\n\n{before}{shown}\n"""\nmodel = build()\n')
    assert found.count(": summary") == 1
    assert ("summary - of model" in found) == before.startswith(">>>")
