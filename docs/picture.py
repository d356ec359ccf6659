"""Make the README's picture: build the page that the README shows, and photograph it in light and dark.

``make picture`` runs this. It needs Chromium with its driver, and the fonts Inter and JetBrains Mono
(on Debian: chromium, chromium-driver, fonts-inter, fonts-jetbrains-mono).
"""

from __future__ import annotations

import base64
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
NAME = "<!-- docs/lstm.md -->\n````markdown\n"
CONF = """
project = "Models"
extensions = ["myst_parser", "sphinx_kerasshape"]
html_theme = "furo"
html_title = "Models"
html_permalinks = False
"""
# The article alone, as a card in furo's own colours.
STYLE = """
:root, body { --font-stack: Inter, sans-serif; --font-stack--monospace: "JetBrains Mono", monospace; }
html, body { background: transparent !important; }
.sidebar-drawer, .toc-drawer, .mobile-header, .content-icon-container, .back-to-top, footer {
  display: none !important;
}
.page, .main, .content {
  display: block !important; width: auto !important; padding: 0 !important; margin: 0 !important;
}
article {
  box-sizing: border-box; width: 720px; margin: 0; padding: 1.6rem 2rem 1.5rem;
  background: var(--color-background-primary); color: var(--color-foreground-primary);
  border: 1px solid var(--color-background-border); border-radius: .75rem;
}
article h1 { margin: 0 0 .9rem; padding: 0; font-size: 1.9rem; font-weight: 700; letter-spacing: -.02em; }
article section > p { margin: 0 0 1rem; }
article div.highlight-python { margin: 0 0 1rem; }
article div.highlight-python pre { font-size: .82rem; line-height: 1.55; font-variant-ligatures: none; }
article .kerasshape { margin: 0; overflow: visible; }
article .kerasshape .table-wrapper { overflow: visible; margin: 0 !important; padding: 0 !important; }
article .kerasshape table.kerasshape-table { width: 100%; margin: 0; }
"""
ADD_STYLE = """
document.head.append(Object.assign(document.createElement("style"), {textContent: arguments[0]}))
"""
CAPTURE = {"captureBeyondViewport": True, "format": "png"}


def page() -> str:
    """Return the page that the README shows."""
    _, found, rest = (HERE.parent / "README.md").read_text("utf-8").partition(NAME)
    if not found:
        sys.exit("README.md shows no page docs/lstm.md")
    return rest.partition("````\n")[0]


def build(folder: Path) -> Path:
    """Build the page alone; return its file."""
    (folder / "conf.py").write_text(CONF, encoding="utf-8")
    (folder / "index.md").write_text(page(), encoding="utf-8")
    out = folder / "out"
    subprocess.run([sys.executable, "-m", "sphinx", "-qW", str(folder), str(out)], check=True)
    return out / "index.html"


def photograph(browser: Any, theme: str) -> bytes:
    """Return a PNG of the article, at twice its size, with nothing behind its round corners."""
    browser.execute_script("document.body.dataset.theme = arguments[0]", theme)
    box = browser.execute_script("return document.querySelector('article').getBoundingClientRect().toJSON()")
    clip = {name: box[name] for name in ("x", "y", "width", "height")} | {"scale": 2}
    shot = browser.execute_cdp_cmd("Page.captureScreenshot", {**CAPTURE, "clip": clip})
    return base64.b64decode(shot["data"])


def main() -> None:
    """Write both pictures."""
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1200,1200"):
        options.add_argument(argument)
    with tempfile.TemporaryDirectory() as folder:
        address = build(Path(folder)).as_uri()
        browser = webdriver.Chrome(options, webdriver.ChromeService(shutil.which("chromedriver")))
        try:
            browser.get(address)
            browser.execute_script(ADD_STYLE, STYLE)
            clear = {"color": {"r": 0, "g": 0, "b": 0, "a": 0}}
            browser.execute_cdp_cmd("Emulation.setDefaultBackgroundColorOverride", clear)
            for theme in ("light", "dark"):
                (HERE / "_static" / f"readme-{theme}.png").write_bytes(photograph(browser, theme))
        finally:
            browser.quit()


if __name__ == "__main__":
    main()
