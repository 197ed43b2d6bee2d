"""Pages in a real browser: nothing to complain of, every picture there, nothing too wide."""

import pytest

from cosim.cli import main
from tests.cosim.report.browser import BROWSER, look_at
from tests.cosim.report.folders import write_run_folder

WIDTHS = (1280, 400)

pytestmark = [pytest.mark.slow, pytest.mark.skipif(
    BROWSER is None, reason="no Chromium or Chrome (apt-get install chromium)")]


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    root = tmp_path_factory.mktemp("pages")
    for name, neuron in (("a", "ttfs"), ("b", "lif")):
        write_run_folder(root / name, neuron=neuron)
        assert main(["report", str(root / name)]) == 0
    runs = [str(root / name) for name in ("a", "b")]
    assert main(["compare", *runs, "-o", str(root / "compare.html")]) == 0
    return {"ttfs": root / "a" / "report.html", "lif": root / "b" / "report.html",
            "compare": root / "compare.html"}


@pytest.mark.parametrize("kind", ["ttfs", "lif", "compare"])
def test_page_is_whole_at_any_width(pages, kind, tmp_path):
    found, console = look_at(pages[kind], WIDTHS, tmp_path)
    assert console == []
    for width, seen in zip(WIDTHS, found, strict=True):
        assert len(seen["pictures"]) == (1 if kind == "compare" else 6) and seen["text"] > 300
        assert all(natural > 0 and shown > 0 for natural, shown, _ in seen["pictures"])
        assert seen["width"] == width and seen["needed"] <= width and seen["wide"] == []
    wide, narrow = ([source for *_, source in seen["pictures"]] for seen in found)
    assert sum(one != other for one, other in zip(wide, narrow, strict=True)) >= len(wide) / 3


@pytest.mark.parametrize(("content", "complaint"), [
    ("<script>missing()</script>", "console"), ('<p style="width: 3000px">x</p>', "wide"),
    ('<img src="data:image/png;base64,AAAA">', "pictures")])
def test_what_is_wrong_is_seen(content, complaint, tmp_path):
    page = tmp_path / "page.html"
    page.write_text(f"<!DOCTYPE html><html><body><h1>x</h1>{content}</body></html>")
    (seen,), console = look_at(page, [400], tmp_path)
    if complaint == "pictures":
        assert seen["pictures"][0][0] == 0
    else:
        assert {"console": console, "wide": seen["wide"]}[complaint]
