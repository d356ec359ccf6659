"""Sessions: blocks of a page that share a namespace; code that is run and shown with what it prints."""

from __future__ import annotations

import re
from collections.abc import Callable
from inspect import cleandoc

import pytest

from tests.support.projects import Built, Project
from tests.support.tiers import tiered

Make = Callable[..., Project]


def rst(page: str) -> str:
    """Write the directives of a Markdown page as reST."""

    def directive(found: re.Match[str]) -> str:
        options: list[str] = []
        body: list[str] = []
        for line in found["content"].splitlines():
            (options if not body and line.startswith(":") else body).append(line)
        lines = [*options, "", *body]
        return f".. {found['name']}::{found['argument']}\n" + "\n".join(
            f"   {line}".rstrip() for line in lines
        )

    text = re.sub(r"```\{(?P<name>[\w:]+)\}(?P<argument>.*)\n(?P<content>(?:.*\n)*?)```", directive, page)
    return re.sub(r"^# (.*)$", lambda title: f"{title[1]}\n{'=' * len(title[1])}", text, flags=re.MULTILINE)


@pytest.fixture(params=["md", "rst"])
def build(request: pytest.FixtureRequest, make_project: Make) -> Callable[..., Built]:
    """Return a function that builds a page of Markdown, as such or as reST, into text."""

    def run(page: str, *options: str, conf: str = "") -> Built:
        text = cleandoc(page) + "\n"
        name = f"index.{request.param}"
        return make_project({name: text if request.param == "md" else rst(text)}, conf).build(
            "text", *options
        )

    return run


def test_a_session(build: Callable[..., Built]) -> None:
    built = build("""
        # A page

        ```{keras:code}
        :session: story
        import numpy
        def block(units):
            return layers.Dense(units)
        print("blocks", block(3).units)
        ```

        ```{keras:model} first
        :session: story
        :show: table
        model = keras.Sequential([keras.Input((4,)), block(3)])
        ```

        ```{keras:code}
        :session: story
        model.add(block(9))
        ```

        ```{keras:model} second
        :session: story
        :show: table
        model
        ```

        ```{keras:code}
        :session: story
        :raises: ValueError
        print("before")
        model(numpy.zeros((1, 7)))
        ```

        ```{keras:code}
        :session: story
        print(model.name == "sequential")
        ```
        """)
    assert built.warnings == []
    text = built.page("index.txt")
    assert ' print("blocks", block(3).units)\n\n   blocks 3\n' in text
    rows = re.findall(r"\| (\S+) +\| \(None, (\d)\) +\| (\d+)", text)
    assert rows == [("dense_1", "3", "15"), ("dense_1", "3", "15"), ("dense_2", "9", "36")]
    assert "model(numpy.zeros((1, 7)))\n\n   before\n\n   ValueError: Exception encountered when " in text
    assert text.endswith('print(model.name == "sequential")\n\n   True\n')


def test_sessions_know_nothing_of_each_other(build: Callable[..., Built]) -> None:
    built = build("""
        # A page

        ```{keras:code}
        :session: one
        x = 1
        ```

        ```{keras:code}
        :session: two
        print("x" in globals())
        ```

        ```{keras:code}
        print("x" in globals())
        ```

        ```{keras:code}
        :session: one
        print("x" in globals())
        ```
        """)
    assert built.warnings == []
    assert re.findall(r"^   (True|False)$", built.page("index.txt"), re.MULTILINE) == [
        "False",
        "False",
        "True",
    ]


FAILING = """
    # A page

    ```{keras:code}
    :session: s
    def half(x):
        return x // 2

    print("fine")
    ```

    ```{keras:code}
    :session: s
    print("gets here")
    half("a")
    ```

    ```{keras:code}
    :session: s
    print("never")
    ```

    ```{keras:model} late
    :session: s
    model = keras.Sequential([keras.Input((4,)), layers.Dense(2)])
    ```

    ```{keras:model} other
    keras.Sequential([keras.Input((4,)), layers.Dense(2)])
    ```
"""


def test_a_block_that_fails_has_one_message(build: Callable[..., Built]) -> None:
    built = build(FAILING)
    (warning,) = built.warnings
    lines = {"md": (14, 6), "rst": (16, 8)}[re.match(r"index\.(\w+)", warning)[1]]  # type: ignore[index]
    name = warning.partition(":")[0]
    assert warning.splitlines() == [
        f"{name}:{lines[0]}: WARNING: keras:code: TypeError: "
        "unsupported operand type(s) for //: 'str' and 'int'",
        f'  {name}:{lines[0]}: half("a")',
        f"  {name}:{lines[1]}, in half: return x // 2 [kerasshape.code]",
    ]
    text = built.page("index.txt")
    assert "   fine\n" in text
    assert text.count("This code was not run, since code before it failed.") == 2
    assert "| Total params | " in text


def test_the_checker_says_what_was_not_run(make_project: Make) -> None:
    built = make_project({"index.md": cleandoc(FAILING)}).build("kerasshape-check")
    assert built.status == 1
    said = (built.out / "output.txt").read_text()
    assert "index.md:17: keras:code: an earlier block of its session failed" in said
    assert "index.md:22: model 'late': an earlier block of its session failed" in said
    assert said.endswith("2 models ran, 1 failed, no claims\n")


def test_hidden_lines_and_options(build: Callable[..., Built]) -> None:
    built = build("""
        # A page

        ```{keras:code}
        :session: s
        import numpy as np  # hide

        word = "shown"
        print("printed")  #hide
        ```

        ```{keras:code}
        :session: s
        :hide-code:
        print("code is hidden", word)
        ```

        ```{keras:code}
        :session: s
        :no-output:
        print("output is hidden", np.pi)
        ```

        ```{keras:code}
        :session: s
        print("all is", "hidden")  # hide
        ```
        """)
    assert built.warnings == []
    text = built.page("index.txt").split("\n\n", 1)[1]
    assert text.startswith('   word = "shown"\n\n')
    assert [line.strip() for line in text.splitlines() if line.strip()] == [
        'word = "shown"',
        "printed",
        "code is hidden shown",
        'print("output is hidden", np.pi)',
        "all is hidden",
    ]


MISTAKES = {
    ":sesion: s": ":sesion: is not an option of keras:code; did you mean :session:?",
    ":input: (3,)": ":input: is not an option of keras:code: choose from :session:, :raises:, :class:, ",
    ":session:": ":session: needs a value",
    ":no-output: yes": ":no-output: takes no value, but has 'yes'",
    ":raises: 7": ":raises: must be the name of an exception, such as ValueError, not '7'",
}


def test_bad_options(build: Callable[..., Built]) -> None:
    blocks = "\n".join(
        f"```{{keras:code}}\n{options}\nprint({number}, 'it runs')\n```\n"
        for number, options in enumerate(MISTAKES)
    )
    built = build(f"# A page\n\n{blocks}")
    assert len(built.warnings) == len(MISTAKES)
    for number, (warning, message) in enumerate(zip(built.warnings, MISTAKES.values(), strict=True)):
        assert f": WARNING: {message}" in warning
        assert "[kerasshape.option]" in warning
        assert f"print({number}, 'it runs')" in built.page("index.txt")


def test_a_name_and_no_code(make_project: Make) -> None:
    page = (
        "# A page\n\n```{keras:code} name\n:session: s\nprint(1)\n```\n\n```{keras:code}\n:session: s\n```\n"
    )
    built = make_project({"index.md": page}).build("text")
    assert built.warnings == [
        "index.md:3: WARNING: keras:code takes no name; write ':session: NAME' to make it part of a session "
        "[kerasshape.option]",
        "index.md:8: WARNING: keras:code has no code [kerasshape.option]",
    ]


def test_a_change_runs_what_depends_on_it_and_nothing_else(make_project: Make) -> None:
    blocks = "".join(
        f"```{{keras:code}}\n:session: {name}\nprint('{name}{number}')\n```\n\n"
        for name in "ab"
        for number in (1, 2, 3)
    )
    project = make_project({"index.md": f"# Page\n\n{blocks}"})

    def ran() -> list[str]:
        said = project.build("text", "-v").said
        return re.findall(r"running models\.\.\. \[ *\d+%\] (\S+)", said)

    # Sessions run side by side, and either may be the first.
    assert sorted(ran()) == [f"index#code-{number}" for number in range(1, 7)]
    assert ran() == []
    project.write("index.md", f"# Page\n\n{blocks}".replace("'a2'", "'A2'"))
    assert ran() == ["index#code-2", "index#code-3"]


def test_a_timeout_and_a_crash_keep_the_answers_before(make_project: Make) -> None:
    def page(last: str) -> str:
        blocks = ["print('first')", last, "print('third')"]
        return "# P\n\n" + "".join(f"```{{keras:code}}\n:session: s\n{block}\n```\n\n" for block in blocks)

    project = make_project({"index.md": page("while True: pass")}, "kerasshape_timeout = 4\n")
    for last, line, message in (
        ("while True: pass", 10, "the code ran for more than 4 s"),
        ("import os; os._exit(3)", 8, "the process that ran the code ended with exit status 3"),
    ):
        project.write("index.md", page(last))
        built = project.build("text")
        (warning,) = built.warnings
        assert warning.startswith(f"index.md:{line}: WARNING: keras:code: {message}")
        text = built.page("index.txt")
        assert "   first\n" in text
        assert text.count("This code was not run") == 1


def test_each_block_has_its_time(make_project: Make) -> None:
    blocks = "".join(
        f"```{{keras:code}}\n:session: s\nimport time; time.sleep(2); print('done {number}')\n```\n\n"
        for number in range(3)
    )
    project = make_project({"index.md": f"# P\n\n{blocks}"}, "kerasshape_timeout = 5\n")
    built = project.build("text")
    assert built.warnings == []
    assert re.findall(r"^   done (\d)$", built.page("index.txt"), re.MULTILINE) == list("012")


@pytest.mark.parametrize("executor", tiered(["fork", "spawn"], quick={"fork"}))
def test_each_block_has_its_output(executor: str, make_project: Make) -> None:
    blocks = "".join(
        f"```{{keras:code}}\n:session: s\nprint('{letter}' * 30_000, 'end {letter}')\n```\n\n"
        for letter in "abc"
    )
    project = make_project({"index.md": f"# P\n\n{blocks}"}, f"kerasshape_executor = {executor!r}\n")
    build = project.run if executor == "spawn" else project.build
    text = build("text").page("index.txt")
    outputs = [line.strip() for line in text.splitlines() if " end " in line and "print" not in line]
    assert outputs == [f"{letter * 30_000} end {letter}" for letter in "abc"]


def test_a_locked_build_shows_what_code_prints(make_project: Make) -> None:
    project = make_project({"index.md": "# P\n\n```{keras:code}\nprint('from the', 'lock')\n```\n"})
    assert project.build("kerasshape-lock").status == 0
    built = project.build("text", "-D", "kerasshape_execution=locked")
    assert built.warnings == []
    assert "   from the lock\n" in built.page("index.txt")


def test_a_leftover_model_is_not_the_blocks_own(build: Callable[..., Built]) -> None:
    built = build("""
        # A page

        ```{keras:model} one
        :session: s
        :show: table
        model = keras.Sequential([keras.Input((4,)), layers.Dense(2)])
        ```

        ```{keras:model} two
        :session: s
        :show: table
        net = keras.Sequential([keras.Input((4,)), layers.Dense(5)])
        ```

        ```{keras:model} three
        :session: s
        :show: table
        net.pop()
        net.add(layers.Dense(7))
        ```
        """)
    (warning,) = built.warnings
    assert (
        "WARNING: model 'three': the code makes several Keras models (model, net): name one with" in warning
    )
    assert re.findall(r"\| dense\S* +\| \(None, (\d)\)", built.page("index.txt")) == ["2", "5"]


def test_the_model_of_an_earlier_block(build: Callable[..., Built]) -> None:
    built = build("""
        # A page

        ```{keras:code}
        :session: s
        base = keras.Sequential([keras.Input((4,)), layers.Dense(2)])
        model = keras.Sequential([base, layers.Dense(3)])
        ```

        ```{keras:model} compiled
        :session: s
        :show: table
        model.compile(loss="mse")
        ```
        """)
    assert built.warnings == []
    assert "(None, 3)" in built.page("index.txt")


UNCLEAR = """\
# Unclear

```{keras:code}
:session: s
units = 4
```

```{keras:model} several
:session: s
a, b = (keras.Sequential([keras.Input((2,)), layers.Dense(size)]) for size in (1, units))
```

```{keras:model} unbuilt
:session: s
model = keras.Sequential([layers.Dense(units)])
```

```{keras:model} clear
:session: s
b.summary()
```

```{keras:model} fails
:session: s
1 / 0
```

```{keras:model} not-run
:session: s
b.summary()
```
"""


def test_a_session_goes_on_after_code_whose_model_is_unclear(make_project: Make) -> None:
    built = make_project({"index.md": UNCLEAR}).build("text")
    assert [re.sub(r"(?s):.*\[", ": [", text.partition("WARNING: ")[2]) for text in built.warnings] == [
        "model 'several': [kerasshape.model]",
        "model 'unbuilt': [kerasshape.unbuilt]",
        "model 'fails': [kerasshape.code]",
    ]
    clear = built.page("index.txt").partition("b.summary()")[2].partition("1 / 0")[0]
    assert "(None, 4)" in clear


NOT_DEFINED = "NameError: name 'units' is not defined"
UNDEFINED = {
    ":session: net": (
        ":session: netz",
        "it is defined in session 'net'; did you mean ':session: net'?",
    ),
    ":session: first": ("", "add ':session: first', the session in which it is defined"),
    "": (
        "",
        "it is defined in model 'first': blocks share names if each has the same ':session:'",
    ),
}


@pytest.mark.parametrize("first", UNDEFINED)
def test_a_name_of_another_session(first: str, build: Callable[..., Built]) -> None:
    """A misspelt or missing session: the warning names the session that defines the name."""
    second, mend = UNDEFINED[first]
    page = f"""
        # A page

        ```{{keras:model}} first
        {first or ":show: code, table"}
        units = 3
        keras.Sequential([keras.Input((4,)), layers.Dense(units)])
        ```

        ```{{keras:model}} second
        {second or ":show: code, table"}
        keras.Sequential([keras.Input((4,)), layers.Dense(units)])
        ```
        """
    (warning,) = build(page).warnings
    message = warning.partition("WARNING: ")[2].partition("\n")[0]
    assert message == f"model 'second': {NOT_DEFINED}: {mend}"


def test_an_import_of_another_block(build: Callable[..., Built]) -> None:
    """A module that a block without a session has imported: import it again."""
    page = """
        # A page

        ```{keras:code}
        import numpy as np
        ```

        ```{keras:code}
        np.ones(3)
        ```
        """
    (warning,) = build(page).warnings
    assert "name 'np' is not defined: add 'import numpy as np'" in warning
