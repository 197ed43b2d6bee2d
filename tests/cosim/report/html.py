"""Reads pages: whether tags match, what they refer to, the exact figures in them, their text."""

from html.parser import HTMLParser

__all__ = ["Page"]

VOID = {"meta", "link", "img", "br", "source", "input", "hr"}


class Page(HTMLParser):
    """A parsed page; ``AssertionError`` if a tag is not closed in its place."""

    def __init__(self, text: str):
        super().__init__()
        self.tags, self.references, self.figures, self.ids, self.words = [], [], [], [], []
        self._open = []
        self.feed(text)
        self.close()
        assert not self._open, f"{self._open} are not closed"

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        found = dict(attributes)
        self.ids += [found["id"]] if "id" in found else []
        self.references += [(tag, key, found[key]) for key in ("src", "srcset", "href", "action")
                            if key in found]
        if tag == "data":
            self.figures.append(float(found["value"]))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag):
        assert self._open and self._open.pop() == tag, f"</{tag}> at {self.getpos()}"

    def handle_data(self, data):
        if self._open and self._open[-1] != "style":
            self.words.append(data)
