"""What a run was about: network, processor, images and command, so that its folder explains it."""

import json
import shlex
from dataclasses import asdict
from pathlib import Path

from hw.config import Configuration
from hw.network import Network

from .description import describe_network
from .images import ImageSet

__all__ = ["CONTEXT", "command_line", "context_of", "write_context"]

CONTEXT = "context.json"


def context_of(network: Network, path: Path, config: Configuration, image_set: ImageSet, *,
               command: str) -> dict:
    """Return the content of ``context.json``, as plain data.

    ``network`` is what ``firstspike info`` says, ``processor`` the configuration with its memories,
    ``images`` their source, number, SHA-256 and the label of the first one (``None`` if unknown).
    """
    memories = {name: {**memory._asdict(), "bits": memory.bits}
                for name, memory in config.memories.items()}
    return {
        "command": command, "network": describe_network(network, path),
        "processor": {**asdict(config), "memories": memories,
                      "memory_bits": sum(memory["bits"] for memory in memories.values())},
        "images": {"source": image_set.source, "count": len(image_set.images),
                   "sha256": image_set.sha256,
                   "first_label": None if image_set.labels is None else int(image_set.labels[0])}}


def command_line(command: str, *arguments: str, **options) -> str:
    """Return a command as a user types it; options that are ``None`` or false are left out.

    >>> command_line("cosim", "a net.safetensors", n=4, trace=True, data=None)
    "firstspike cosim 'a net.safetensors' -n 4 --trace"
    """
    words = ["firstspike", command, *arguments]
    for name, value in options.items():
        if value is None or value is False:
            continue
        words.append(f"{'-' if len(name) == 1 else '--'}{name.replace('_', '-')}")
        if value is not True:
            words.append(str(value))
    return shlex.join(words)


def write_context(directory: Path, context: dict) -> None:
    """Write ``context.json`` into an existing folder."""
    (directory / CONTEXT).write_text(json.dumps(context, indent=1) + "\n", encoding="utf-8")
