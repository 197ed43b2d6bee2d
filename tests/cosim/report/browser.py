"""What a real browser says of a page: headless Chromium, without a driver."""

import json
import re
import shutil
import subprocess
from collections.abc import Sequence
from html import escape, unescape
from pathlib import Path

__all__ = ["BROWSER", "look_at"]

BROWSER = next(filter(None, map(shutil.which, (
    "chromium", "chromium-browser", "google-chrome", "chrome"))), None)
OPTIONS = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--hide-scrollbars",
           "--enable-logging=stderr", "--window-size=1400,900", "--virtual-time-budget=10000",
           "--dump-dom")
SECONDS = 120
# Shows pages in frames and writes what is seen there into the title. A frame has the origin of
# this page, as its content is in it.
FRAMES = """<!DOCTYPE html><meta charset="utf-8"><title></title><link rel="icon" href="data:,">
{frames}
<script>
const look = page => ({{
  pictures: [...page.images].map(image => [
    image.naturalWidth, image.getBoundingClientRect().width, image.currentSrc.slice(-300)]),
  width: page.documentElement.clientWidth, needed: page.documentElement.scrollWidth,
  wide: [...page.body.querySelectorAll("h1, h2, p, dl, figure, img, .wide, nav, summary")]
    .filter(part => part.getBoundingClientRect().right > page.documentElement.clientWidth + 1)
    .map(part => part.tagName),
  text: page.body.innerText.length}});
onload = () => {{
  document.title = JSON.stringify(
    [...document.querySelectorAll("iframe")].map(frame => look(frame.contentDocument)));
}};
</script>"""
FRAME = '<iframe style="border: 0; width: {width}px; height: 800px" srcdoc="{page}"></iframe>'


def look_at(page: Path, widths: Sequence[int], scratch: Path) -> tuple[list[dict], list[str]]:
    """Return what a page looks like at each width in pixels, and what the browser complains of.

    ``pictures``: natural and shown width of each, and how its source ends; ``width`` and
    ``needed``: of the window, and of what is in it; ``wide``: parts that stand out on the right;
    ``text``: letters.
    """
    text = escape(page.read_text(encoding="utf-8"))
    frames = scratch / "frames.html"
    frames.write_text(FRAMES.format(frames="\n".join(
        FRAME.format(width=width, page=text) for width in widths)), encoding="utf-8")
    ran = subprocess.run([BROWSER, *OPTIONS, f"--user-data-dir={scratch / 'profile'}",
                          frames.as_uri()],
                         capture_output=True, text=True, timeout=SECONDS, check=True)
    title = re.search(r"<title>(.*?)</title>", ran.stdout, re.DOTALL)[1]
    return (json.loads(unescape(title)),
            [line for line in ran.stderr.splitlines() if "CONSOLE" in line])
