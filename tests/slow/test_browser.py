"""The page as a reader sees it, in a real browser: contrast, alignment, small screens."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from tests.support.projects import Built, Project

selenium = pytest.importorskip("selenium")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (shutil.which("chromium") and shutil.which("chromedriver")),
        reason="chromium and chromedriver are not installed",
    ),
]

PAGE = """
# Page

```{keras:model} chain
:caption: A caption with {keras:params}`chain` params, too long for one line of a small screen
:columns: layer, type, output, params, weights
model = keras.Sequential([
    keras.Input((None, 50)),
    layers.LSTM(64, trainable=False),
    layers.Dense(1000),
])
```

```{keras:code}
:annotate:
:linenos:
:emphasize-lines: 2

model = keras.Sequential([
    keras.Input((4,)),
    layers.Dense(3),
])
```

```{keras:model} uncaptioned
:show: table
keras.Sequential([keras.Input((4,)), layers.Dense(3)])
```

```{keras:model} error
:raises: ValueError
layers.Dense(1, activation="relo")
```

````{list-table} Two summaries
* - ```{keras:summary} chain
    ```
  - text
````
"""
CONTRAST = """
const luminance = colour => {
  const parts = colour.match(/[\\d.]+/g).slice(0, 3).map(Number).map(value => {
    value /= 255;
    return value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
};
const behind = element => {
  for (; element; element = element.parentElement) {
    const colour = getComputedStyle(element).backgroundColor;
    if (!/, 0\\)$|transparent/.test(colour)) return colour;
  }
  return 'rgb(255, 255, 255)';
};
const ours = '.kerasshape-table :is(th, td) :is(p, code), .kerasshape-expected pre, .kerasshape-hint';
// What is dimmed has less contrast than its colour.
const mixed = (front, back, share) => {
  const [a, b] = [front, back].map(colour => colour.match(/[\\d.]+/g).slice(0, 3).map(Number));
  return `rgb(${a.map((value, place) => value * share + b[place] * (1 - share)).join(', ')})`;
};
const cells = document.querySelectorAll(ours);
return [...cells].map(cell => {
  const share = Number(getComputedStyle(cell, '::after').opacity);
  const seen = mixed(getComputedStyle(cell).color, behind(cell), share);
  const pair = [luminance(seen), luminance(behind(cell))].sort((a, b) => b - a);
  return (pair[0] + 0.05) / (pair[1] + 0.05);
});
"""
THEMES = ["furo", "alabaster"]


@pytest.fixture(scope="module", params=THEMES)
def built(request: pytest.FixtureRequest, make_project: Callable[..., Project]) -> Built:
    conf = f"html_theme = {request.param!r}\nnumfig = True\nextensions.append('sphinx_copybutton')\n"
    built = make_project({"index.md": PAGE}, conf).build("html", "-W")
    assert (built.warnings, built.status) == ([], 0)
    return built


@pytest.fixture(scope="module", params=["light", "dark"])
def browser(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterable[Any]:
    from selenium.webdriver import Chrome, ChromeOptions
    from selenium.webdriver.chrome.service import Service

    options = ChromeOptions()
    options.binary_location = shutil.which("chromium")
    arguments = ["headless", "no-sandbox", "disable-gpu", "no-first-run", "disable-background-networking"]
    arguments += ["disable-component-update", "disable-sync", "window-size=1200,900"]
    arguments += [f"user-data-dir={tmp_path_factory.mktemp('browser')}"]
    for argument in arguments:
        options.add_argument(f"--{argument}")
    driver = Chrome(options=options, service=Service(shutil.which("chromedriver")))
    feature = {"features": [{"name": "prefers-color-scheme", "value": request.param}]}
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", feature)
    yield driver
    driver.quit()


def test_all_text_has_the_contrast_that_wcag_aa_asks_for(browser: Any, built: Built) -> None:
    browser.get((built.out / "index.html").as_uri())
    ratios = browser.execute_script(CONTRAST)
    assert len(ratios) > 20
    assert min(ratios) >= 4.5


CODE = "model = keras.Sequential([\n    keras.Input((4,)),\n    layers.Dense(3),\n])"


def test_a_hint_is_seen_but_not_selected(browser: Any, built: Built) -> None:
    browser.get((built.out / "index.html").as_uri())
    hints, selected = browser.execute_script("""
        const hints = [...document.querySelectorAll('.kerasshape-hint')];
        getSelection().selectAllChildren(hints[0].closest('pre'));
        return [hints.map(hint => getComputedStyle(hint, '::after').content), getSelection().toString()]""")
    assert hints == ['"  # (None, 4)"', '"  # (None, 3)"']
    assert selected.strip() == CODE


def test_the_button_of_sphinx_copybutton_copies_no_hint(browser: Any, built: Built) -> None:
    """The button puts a text into a field, has the browser copy that, and removes it."""
    from selenium.webdriver import ActionChains

    browser.get((built.out / "index.html").as_uri())
    button = browser.execute_script("""
        document.addEventListener('copy', event => { window.copied = event.target.value; }, true);
        return document.querySelector('.kerasshape-hint').closest('.highlight').querySelector('.copybtn');""")
    ActionChains(browser).move_to_element(button).click().perform()
    assert browser.execute_script("return window.copied").strip() == CODE


def test_shapes_and_names_stay_on_one_line(browser: Any, built: Built) -> None:
    browser.get((built.out / "index.html").as_uri())
    script = """return [...document.querySelectorAll('code.kerasshape-shape')].map(
        shape => new Set([...shape.getClientRects()].map(box => box.top)).size)"""
    assert set(browser.execute_script(script)) == {1}


def test_a_model_in_a_cell_of_another_table_has_the_room_it_needs(browser: Any, built: Built) -> None:
    browser.get((built.out / "index.html").as_uri())
    script = """return [...document.querySelectorAll('td .kerasshape')].map(
        block => [block.clientWidth, block.querySelector('table').offsetWidth])"""
    ((room, width),) = browser.execute_script(script)
    assert room >= width > 150


def test_numbers_stand_at_the_end_of_their_column(browser: Any, built: Built) -> None:
    browser.get((built.out / "index.html").as_uri())
    script = """return [...document.querySelectorAll('td.kerasshape-number p')].map(
        e => getComputedStyle(e).textAlign)"""
    assert set(browser.execute_script(script)) <= {"end", "right"}


def test_a_wide_table_does_not_widen_a_small_page(browser: Any, built: Built) -> None:
    browser.get((built.out / "index.html").as_uri())
    size = {"width": 400, "height": 800, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    try:
        widths = browser.execute_script(
            "return [document.documentElement.scrollWidth, document.documentElement.clientWidth]"
        )
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    assert widths[0] <= widths[1]


def test_the_link_of_a_model_without_a_caption_shows_under_the_pointer_and_takes_no_room(
    browser: Any, built: Built
) -> None:
    from selenium.webdriver import ActionChains

    browser.get((built.out / "index.html").as_uri())
    ours = ".kerasshape:has(.kerasshape-permalink, thead .headerlink)"
    blocks = browser.find_elements("css selector", ours)
    assert len(blocks) == 2
    for block in blocks:
        link = block.find_element("css selector", ".headerlink")
        heading = browser.find_element("css selector", "h1")
        ActionChains(browser).move_to_element(heading).perform()
        assert not link.is_displayed()
        ActionChains(browser).move_to_element(block).perform()
        assert link.is_displayed()
        sizes = "const e = arguments[0];return [e.offsetHeight, e.scrollHeight, e.offsetWidth, e.scrollWidth]"
        height, content, width, columns = browser.execute_script(sizes, block)
        assert (height, width) == (content, columns)
        browser.execute_script("arguments[0].remove()", link)
        assert browser.execute_script(sizes, block) == [height, content, width, columns]


def test_a_caption_and_its_number_stay_in_view_while_a_wide_table_scrolls(browser: Any, built: Built) -> None:
    browser.get((built.out / "index.html").as_uri())
    size = {"width": 360, "height": 800, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    script = """
        const caption = document.querySelector('.kerasshape-table > caption');
        let frame = caption.parentElement;
        while (frame.scrollWidth <= frame.clientWidth) frame = frame.parentElement;
        frame.scrollLeft = arguments[0];
        const parts = caption.querySelectorAll('.caption-number, .caption-text');
        const boxes = [...parts].flatMap(part => [...part.getClientRects()]);
        const view = frame.getBoundingClientRect();
        return [frame.scrollLeft, boxes.every(box => view.left <= box.left && box.right <= view.right)];"""
    try:
        found = [browser.execute_script(script, offset) for offset in (0, 120)]
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    assert found == [[0, True], [120, True]]
