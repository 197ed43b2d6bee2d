"""What a run folder holds beside its result, so that a report needs nothing else."""

from pathlib import Path

from hw.config import Configuration
from hw.network import Network

from .activity import ACTIVITY, activity_of, write_activity
from .console import progress
from .context import CONTEXT, context_of, write_context
from .images import ImageSet

__all__ = ["RECORD_FILES", "REPORT", "write_record"]

# The report of an earlier run is not that of a new one.
REPORT = "report.html"
RECORD_FILES = (REPORT, ACTIVITY, CONTEXT)


def write_record(directory: Path, network: Network, path: Path, config: Configuration,
                 image_set: ImageSet, *, command: str) -> None:
    """Write ``activity.npz`` and ``context.json`` into an existing folder.

    ``path`` is the file of the network, ``command`` what the user typed.
    """
    with progress("spikes") as show:
        write_activity(directory, activity_of(network, image_set.images, progress=show))
    write_context(directory, context_of(network, path, config, image_set, command=command))
