"""Progress: a line now and then without a terminal."""

import pytest

from cosim import console


def test_lines_come_no_faster_than_the_interval(monkeypatch, capsys):
    clock, now = iter([100.0, 101.0, 104.9, 105.1, 107.0]), [100.0]
    monkeypatch.setattr(console.time, "monotonic", lambda: now[0])
    with console.progress("train") as show:
        for done, moment in enumerate(clock):
            now[0] = moment
            show(done, 5, "busy")
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == ["train: 0/5 busy", "train: 3/5 busy, 3 s left"]


def test_bar_on_a_terminal(monkeypatch, capsys):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    monkeypatch.setenv("FORCE_COLOR", "1")
    with console.progress("train") as show:
        show(1, 2, "busy")
    assert "train" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["[bold]x[/]", ":smile:"])
def test_text_is_printed_as_it_is(text, capsys):
    console.console().print(text)
    assert capsys.readouterr().out == f"{text}\n"
