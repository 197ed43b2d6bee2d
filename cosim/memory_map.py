"""Where a program lies: the memories of the processor, and what goes through the load stream."""

from rich.table import Table

from hw.compiler import Program

from .console import console

__all__ = ["memory_map", "print_memory_map"]


def memory_map(program: Program) -> dict:
    """Return words, bits and the compiler's decisions, as plain data.

    ``used`` counts words of the instance that uses most, ``None`` where only the RTL knows;
    ``bits`` those of all instances together.
    """
    memories = {
        name: {"used": program.used.get(name), "words": memory.words,
               "width_bits": memory.width_bits, "instances": memory.instances, "bits": memory.bits}
        for name, memory in program.config.memories.items()}
    return {"config": program.config.name, "config_sha256": program.config.sha256,
            "memories": memories, "bits": sum(memory["bits"] for memory in memories.values()),
            "load_words": len(program.load_words), "load_bits": 32 * program.load_words.size,
            "streamed_bits": 32 * program.streamed_words.size, "notes": list(program.notes)}


def print_memory_map(found: dict) -> None:
    """Print a memory map: a line for each memory, then the load stream and the decisions."""
    out, table = console(), Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("memory")
    for heading in ("words used", "of", "", "bits each", "instances", "KB"):
        table.add_column(heading, justify="right")
    for name, memory in found["memories"].items():
        used = memory["used"]
        table.add_row(
            name, "-" if used is None else f"{used:,}", f"{memory['words']:,}",
            "" if used is None else f"{used / memory['words']:.0%}", f"{memory['width_bits']:,}",
            f"{memory['instances']:,}", f"{memory['bits'] / 8192:,.1f}")
    table.add_row("all", *[""] * 5, f"{found['bits'] / 8192:,.1f}", style="bold")
    out.print(table)
    for note in found["notes"]:
        out.print(note, style="dim")
    out.print(f"{found['load_bits']:,} bits to load once, {found['streamed_bits']:,} streamed "
              f"during each inference, on configuration {found['config']}")
