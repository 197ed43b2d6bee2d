"""The failure of a check, as opposed to bad input."""

__all__ = ["CheckFailed"]


class CheckFailed(Exception):
    """What was asked for could be tried and did not come out right; the message is one line."""
