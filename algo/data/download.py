"""Getting an original file from the network: resumable, checked, and whole or not there at all."""

import fcntl
import http.client
import os
import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from .checksum import verified
from .failure import DataError
from .originals import Original

__all__ = ["download"]

Progress = Callable[[int, int, str], None]
CHUNK = 1 << 18
TIMEOUT_SECONDS = 30
# What can happen to a connection; an OSError of the disk must not be taken for one of these.
CUT = (http.client.HTTPException, OSError)


class _Unusable(Exception):
    """One address does not give the file; the message says why."""


def download(original: Original, folder: Path, *, progress: Progress | None = None) -> bool:
    """Get a file into ``folder`` unless it is there; return whether it had to be fetched.

    It grows under the name ``….part`` and is renamed once size and SHA-256 are right. A ``.part``
    that an earlier call left is continued; one with a wrong checksum is removed. Addresses are
    tried in turn. ``progress`` is called with bytes done, bytes in all, and the name. Raises
    :class:`DataError` if no address gives the file, ``OSError`` if it cannot be written.
    """
    target = folder / original.path
    if _is_whole(target, original):
        return False
    part = target.with_name(f"{target.name}.part")
    made = [parent for parent in dict.fromkeys((target.parent, folder)) if not parent.exists()]
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        _fetch(original, part, target, progress or (lambda done, size, name: None))
    except DataError:
        with suppress(OSError):  # a folder in which something was kept
            for parent in made:
                parent.rmdir()
        raise
    except OSError as error:  # a full disk, which does not say of itself what it was about
        raise OSError(error.errno, error.strerror, error.filename or str(part)) from None
    return True


def _fetch(original: Original, part: Path, target: Path, progress: Progress) -> None:
    with part.open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DataError(f"{part}: another process is fetching it") from None
        reasons = []
        for url in original.urls:
            try:
                _receive(url, original, file, progress)
                _verify(part, original, file)
            except _Unusable as reason:
                reasons.append(f"{urlsplit(url).netloc}: {reason}")
            else:
                part.replace(target)
                return
        kept = os.fstat(file.fileno()).st_size
        if not kept:
            part.unlink()
    kept = f"; {kept} of {original.size} bytes are kept, fetch again to continue" if kept else ""
    raise DataError(f"{original.path} cannot be fetched ({'; '.join(reasons)}){kept}")


def _is_whole(path: Path, original: Original) -> bool:
    """Return whether the file is there. One that is wrong is an error: it may be somebody's own."""
    if not path.exists():
        return False
    with verified(path, original):
        return True


def _verify(part: Path, original: Original, file: BinaryIO) -> None:
    file.flush()
    try:
        with verified(part, original):
            pass
    except DataError:
        file.truncate(0)
        raise _Unusable("wrong checksum") from None


def _receive(url: str, original: Original, file: BinaryIO, progress: Progress) -> None:
    """Append to ``file`` what it still lacks. Raises :class:`_Unusable`."""
    done = os.fstat(file.fileno()).st_size
    if done > original.size:
        file.truncate(done := 0)
    if done == original.size:
        return
    with _answer(url, done) as answer:
        if not _continues(answer, original, done):
            file.truncate(done := 0)
        progress(done, original.size, original.path)
        while chunk := _chunk(answer):
            if done + len(chunk) > original.size:
                raise _Unusable(f"more than the {original.size} bytes that it should have")
            file.write(chunk)
            done += len(chunk)
            progress(done, original.size, original.path)
    if done < original.size:
        raise _Unusable(f"cut after {done} of {original.size} bytes")


def _answer(url: str, offset: int) -> http.client.HTTPResponse:
    headers = {"User-Agent": "firstspike"} | ({"Range": f"bytes={offset}-"} if offset else {})
    try:
        return urlopen(Request(url, headers=headers), timeout=TIMEOUT_SECONDS)
    except HTTPError as error:
        error.close()
        raise _Unusable(f"HTTP {error.code} {error.reason}") from None
    except URLError as error:
        raise _Unusable(f"no connection ({error.reason})") from None
    except CUT as error:
        raise _Unusable(f"no connection ({error})") from None


def _continues(answer: http.client.HTTPResponse, original: Original, offset: int) -> bool:
    """Return whether the answer begins at ``offset`` and not at 0. Refuse one of another file."""
    if answer.status == http.client.PARTIAL_CONTENT:
        sent = answer.headers.get("Content-Range", "")
        if not re.fullmatch(rf"bytes {offset}-\d+/{original.size}", sent):
            raise _Unusable(f"range must be from {offset} of {original.size} bytes, not {sent!r}")
        return True
    if answer.length not in (None, original.size):
        raise _Unusable(f"size must be {original.size} bytes, not {answer.length}")
    return offset == 0


def _chunk(answer: http.client.HTTPResponse) -> bytes:
    try:
        return answer.read1(CHUNK)
    except CUT as error:
        raise _Unusable(f"cut ({error})") from None
