"""Fetch, list and pack data sets; each of these has --json and --help of its own."""

from pathlib import Path
from typing import Annotated

import typer

from .options import Data, Json, OutFile

verbs = typer.Typer()


@verbs.command("fetch", help="Download the original files of a data set; continue where it ended.")
def fetch(
    name: Annotated[str, typer.Argument(
        metavar="NAME", show_default=False, help="Such as cifar10; `list` shows them all.")],
    data: Data = None,
    as_json: Json = False,
) -> int:
    from algo.data import data_folder
    from algo.data.catalogue import EMBEDDED, KNOWN, canonical
    from algo.data.download import download

    from ..console import print_json, progress

    known = canonical(name)
    if known not in KNOWN or known == EMBEDDED:
        fetched = ", ".join(each for each in KNOWN if each != EMBEDDED)
        raise ValueError(f"a data set to fetch must be one of {fetched}, not {name!r}")
    folder, files = data_folder(data), []
    with progress("fetch") as show:
        for original in KNOWN[known].forms[0].originals:
            new = download(original, folder, progress=lambda done, size, path: show(
                done // 1000, size // 1000, f"kB of {path}"))
            files.append({"path": str(folder / original.path), "bytes": original.size,
                          "sha256": original.sha256, "fetched": new})
    if as_json:
        print_json({"name": known, "files": files})
    else:
        for file in files:
            said = "fetched" if file["fetched"] else "was there already"
            print(f"{file['path']}: {said}, {file['bytes']:,} bytes, checksum right")
    return 0


@verbs.command("list", help="Show the data sets that are known, and which of them are there.")
def list_(data: Data = None, as_json: Json = False) -> int:
    from algo.data import data_folder
    from algo.data.inventory import inventory

    from ..console import print_json

    folder = data_folder(data)
    entries = inventory(folder)
    if as_json:
        print_json({"data": str(folder), "sets": [
            {"name": entry.name, "present": entry.is_present, "shape": entry.shape,
             "classes": entry.classes, "path": entry.path and str(entry.path)}
            for entry in entries]})
    else:
        _print_table(entries, folder)
    return 0


@verbs.command("pack", help="Make a folder {train,test}/CLASS/*.png of any sizes one .npz file.")
def pack(
    folder: Annotated[Path, typer.Argument(
        metavar="FOLDER", show_default=False, help="Folder with train/CLASS and test/CLASS.")],
    out: OutFile,
    size: Annotated[int, typer.Option(
        "--size", metavar="S", min=1, max=1024, show_default=False,
        help="Shorter side in pixels; of the longer one the middle is kept.")],
    as_json: Json = False,
) -> int:
    from algo.data.npz import write_arrays
    from algo.data.pack import pack_folder

    from ..console import print_json, progress
    from ..output import new_file

    if out.suffix != ".npz":
        raise ValueError(f"-o must be an .npz file, not {out}")
    with new_file(out) as path:
        with progress("pack") as show:
            arrays = pack_folder(folder, size, progress=show)
        write_arrays(path, **arrays)
    shape = arrays["train_images"].shape[1:]
    counts = {part: len(arrays[f"{part}_labels"]) for part in ("train", "test")}
    if as_json:
        print_json({"out": str(out), "shape": shape, "classes": arrays["classes"].tolist()}
                   | counts)
    else:
        print(f"{counts['train']} training and {counts['test']} test images "
              f"{'x'.join(map(str, shape))} of {len(arrays['classes'])} classes; wrote {out}")
    return 0


def _print_table(entries: list, folder: Path) -> None:
    from rich.table import Table

    from ..console import console

    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("data set", "images", "classes", f"in {folder}/"):
        table.add_column(heading)
    for entry in entries:
        place = "embedded" if entry.is_present else "absent"
        if entry.path is not None:
            place = str(entry.path.relative_to(folder))
        table.add_row(entry.name, "x".join(map(str, entry.shape or ())) or "of your own",
                      str(entry.classes or ""), place,
                      style=None if entry.is_present else "dim")
    console().print(table)
