"""What a recipe says about compression."""

from dataclasses import dataclass, fields, replace

from .gradual import density_at
from .structures import STRUCTURES

__all__ = ["DENSE", "METHODS", "Compression"]

# How masks move: guided by a teacher's attention maps, and by momentum; by momentum alone; weights
# come back at random; the largest magnitudes at the beginning stay.
METHODS = ("attention", "momentum", "random", "magnitude")


@dataclass(frozen=True, kw_only=True)
class Compression:
    """A network that is sparse from its first step; with ``begin`` it becomes so by and by.

    Parameters
    ----------
    method
        One of ``METHODS``; empty: no compression.
    structure, lanes
        One of ``STRUCTURES``; ``balanced`` is for as many ``lanes``, others have 0.
    density
        Fraction of the weights of all convs and linear layers, but those of ``dense``, that exist.
    begin, until
        Density of the first epoch, 0: ``density``. It falls as a cubic to ``density`` after the
        fraction ``until`` of the epochs in which masks move (Liu et al. 2021, GraNet).
    attention
        α of the loss (α/2) · Σ_j ‖Q_j − Q_j of the teacher‖₂ (see ``algo.compression.attention``).
    drop
        Fraction of a layer's weights that moves after the first epoch; it falls as half a cosine to
        0 at the end of the last stage of a form in which masks move.
    dense
        Names of layers that lose no weight (``channel``: no output channel); ``first`` and ``last``
        stand for those. For ``channel`` their weights count in ``density`` all the same, since they
        go with the channels that they read.
    """

    method: str = ""
    structure: str = "irregular"
    lanes: int = 0
    density: float = 1.0
    begin: float = 0.0
    until: float = 1.0
    attention: float = 0.0
    drop: float = 0.5
    dense: tuple[str, ...] = ()

    def __post_init__(self):
        if not self.method:
            for field in fields(self):
                if getattr(self, field.name) != field.default:
                    raise ValueError(f"{field.name} must be left out without a method, not "
                                     f"{getattr(self, field.name)!r}")
            return
        for key, known in (("method", METHODS), ("structure", STRUCTURES)):
            if getattr(self, key) not in known:
                raise ValueError(f"{key} must be one of {', '.join(known)}, not "
                                 f"{getattr(self, key)!r}")
        if (self.lanes > 0) != (self.structure == "balanced") or self.lanes < 0:
            raise ValueError("lanes must be positive for the structure balanced, and 0 for others, "
                             f"not {self.lanes}")
        if not 0 < self.density < 1:
            raise ValueError(f"density must be above 0 and below 1, not {self.density}")
        if self.begin and not self.density < self.begin < 1:
            raise ValueError("begin must be above density and below 1, or 0 for none, not "
                             f"{self.begin}")
        if not 0 < self.until <= 1:
            raise ValueError(f"until must be above 0 and at most 1, not {self.until}")
        if not 0 <= self.attention < float("inf") or (self.attention > 0) != (
                self.method == "attention"):
            raise ValueError("attention must be positive for the method attention, and 0 for "
                             f"others, not {self.attention}")
        if not 0 <= self.drop < 1:
            raise ValueError(f"drop must be 0 to below 1, not {self.drop}")

    def at(self, progress: float) -> "Compression":
        """Return these settings with the density after a fraction of the epochs that move masks."""
        if not self.begin:
            return self
        density = density_at(progress / self.until, start=self.begin, end=self.density)
        return replace(self, density=density, begin=0.0)


DENSE = Compression()
