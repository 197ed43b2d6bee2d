"""Where the cycles go: a picture, and rows of a table."""

from .picture import COLOURS, Picture, draw, stacked_bars

__all__ = ["CYCLE_PARTS", "cycle_parts", "cycle_picture"]

# Part -> its colour, and what it is in one line. Together they are all cycles of a layer.
CYCLE_PARTS = {
    "events": ("blue", "an event (a spike, or a part of a pixel) is sent to the lanes"),
    "queue full": ("yellow", "an event waits because a lane it needs is behind"),
    "weights copied": ("red", "an event waits until its weights are in the weight buffers"),
    "DRAM": ("purple", "the next weights have not come in from outside the chip"),
    "scan and drain": ("cyan", "silence is skipped, or lanes finish what is in their queues"),
    "fire and control": ("grey", "neurons fire or are read out, and instructions are fetched")}


def cycle_parts(counts: dict[str, float]) -> dict[str, float]:
    """Return the cycles of a layer by what they are spent on; they add up to ``cycles``."""
    working, waiting = counts["integration_cycles"], counts["dram_stall_cycles"]
    sending = [counts[name] for name in ("events", "queue_stall_cycles", "weight_stall_cycles")]
    rest = counts["cycles"] - working - waiting
    return dict(zip(CYCLE_PARTS, (*sending, waiting, working - sum(sending), rest), strict=True))


def cycle_picture(result: dict) -> Picture:
    """Return the cycles of each layer, by what they are spent on."""
    layers = result["layers"]
    parts = [cycle_parts(layer["counts"]) for layer in layers]
    shown = {name: (COLOURS[colour], [part[name] for part in parts])
             for name, (colour, _) in CYCLE_PARTS.items() if any(part[name] for part in parts)}
    return draw(lambda width: stacked_bars(width, [layer["name"] for layer in layers], shown,
                                           "clock cycles per image"),
                f"Cycles of each of {len(layers)} layers: {', '.join(shown)}")
