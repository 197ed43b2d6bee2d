"""Command line of firstspike: one subcommand for each stage of the flow."""

import os
import sys
from collections.abc import Sequence

import typer

from .commands import (
    compare,
    cosim,
    data,
    demo,
    energy,
    export,
    golden,
    info,
    logic,
    operations,
    predict,
    report,
    ship,
    synth,
    train,
    verilog,
)
from .commands import compile as compile_command
from .failure import CheckFailed, Interrupted
from .toolchain import ToolchainError

__all__ = ["main"]

OK, FAILED, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130
COMMANDS = {"demo": demo, "data": data, "train": train, "export": export, "ship": ship,
            "info": info, "golden": golden, "operations": operations, "compile": compile_command,
            "cosim": cosim, "predict": predict, "energy": energy, "report": report,
            "compare": compare, "verilog": verilog, "synth": synth, "logic": logic}

app = typer.Typer(
    name="firstspike", add_completion=False, rich_markup_mode=None,
    help="Hardware/software co-design of spiking neural networks.",
    context_settings={"help_option_names": ["-h", "--help"]})
for name, command in COMMANDS.items():
    if hasattr(command, "verbs"):
        app.add_typer(command.verbs, name=name, help=command.__doc__)
    else:
        app.command(name, help=command.__doc__)(command.run)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0, 1 if a check failed, 2 on bad input.

    What went wrong is one line on stderr. Without a command it prints the help.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        code = app(arguments or ["--help"], prog_name="firstspike", standalone_mode=False) or OK
        sys.stdout.flush()
        # So Typer reports an interrupt.
        return _fail("interrupted", INTERRUPTED) if code == INTERRUPTED else code
    except CheckFailed as error:
        return _fail(error, FAILED)
    except Interrupted as error:
        return _fail(error, INTERRUPTED)
    except typer.TyperException as error:
        return _fail(f"{error.format_message()} (see firstspike --help)", BAD_INPUT)
    except (BrokenPipeError, SystemExit) as stop:
        if isinstance(stop, SystemExit) and not isinstance(stop.__context__, OSError):
            return _fail(f"stopped ({stop.code})", FAILED)
        # The reader has seen enough; Typer exits then. Keep Python from another complaint at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    except OSError as error:
        reason = f"{error.filename}: {error.strerror}" if error.filename else error
        return _fail(reason, BAD_INPUT)
    except (ValueError, OverflowError, MemoryError, ToolchainError) as error:
        return _fail(error, BAD_INPUT)


def _fail(reason, code: int) -> int:
    print(f"firstspike: {' '.join(str(reason).split())}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
