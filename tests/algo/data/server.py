"""A file server on this machine that behaves as well or as badly as a test asks it to."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


@dataclass
class Behaviour:
    """What the server sends.

    Parameters
    ----------
    content
        Of every file.
    cut_after
        Close the connection after so many bytes of an answer.
    ranges
        Whether it understands ranges.
    status
        Other than 200: an error.
    content_range
        Sent instead of the right one.
    length
        Whether it says how long the answer is.
    asked
        The range asked for by each request so far, None for all.
    """

    content: bytes
    cut_after: int | None = None
    ranges: bool = True
    status: int = 200
    content_range: str | None = None
    length: bool = True
    asked: list[str | None] = field(default_factory=list)


@contextmanager
def serving(behaviour: Behaviour) -> Iterator[str]:
    """Yield the address of a running server."""
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            _answer(self, behaviour)

        def log_message(self, *_):
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _answer(handler: BaseHTTPRequestHandler, behaviour: Behaviour) -> None:
    wanted = handler.headers.get("Range")
    behaviour.asked.append(wanted)
    if behaviour.status != 200:
        handler.send_error(behaviour.status)
        return
    content, first = behaviour.content, 0
    if wanted and behaviour.ranges:
        first = int(re.fullmatch(r"bytes=(\d+)-", wanted)[1])
        if first >= len(content):
            handler.send_error(416)
            return
        handler.send_response(206)
        handler.send_header("Content-Range", behaviour.content_range
                            or f"bytes {first}-{len(content) - 1}/{len(content)}")
    else:
        handler.send_response(200)
    rest = content[first:]
    if behaviour.length:
        handler.send_header("Content-Length", str(len(rest)))
    handler.end_headers()
    handler.wfile.write(rest if behaviour.cut_after is None else rest[:behaviour.cut_after])
