"""What ends a command, other than bad input: a failed check, an interrupt."""

__all__ = ["CheckFailed", "Interrupted"]


class CheckFailed(Exception):
    """What was asked for could be tried and did not come out right; the message is one line."""


class Interrupted(Exception):
    """The user ended a command that can be continued; the message is one line that tells how."""
