"""Arguments and options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["Config", "Count", "Data", "Fitting", "Images", "Json", "Network", "OutDir", "OutFile",
           "Trace"]

Network = Annotated[str, typer.Argument(
    metavar="FILE", show_default=False, help="Network file, or zoo:NAME for a shipped one.")]
Images = Annotated[str, typer.Option(
    "--images", metavar="X", show_default=False,
    help="An .npz file (images uint8 [N,C,H,W], optional labels), or a split such as digits:test.")]
Data = Annotated[Path | None, typer.Option(
    "--data", metavar="DIR", show_default=False,
    help="Where data sets lie that are not embedded (default: $FIRSTSPIKE_DATA, or data).")]
Count = Annotated[int | None, typer.Option(
    "-n", metavar="N", min=1, show_default=False, help="Only the first N images.")]
Config = Annotated[str, typer.Option(
    "--config", metavar="NAME|TOML", help="Processor: a named configuration, or a file.")]
Fitting = Annotated[str, typer.Option(
    "--config", metavar="NAME|TOML",
    help="Processor: a named configuration, a file, or auto: the smallest that fits.")]
Trace = Annotated[bool, typer.Option(
    "--trace", help="Observe every potential and spike time of every layer.")]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
OutDir = Annotated[Path, typer.Option(
    "-o", "--out", metavar="DIR", show_default=False, help="Folder to write to.")]
OutFile = Annotated[Path, typer.Option(
    "-o", "--out", metavar="FILE", show_default=False, help="File to write.")]
