"""What a user is told when a data set cannot be had."""

__all__ = ["DataError"]


class DataError(ValueError):
    """A data set is missing, damaged, or not what it should be; the message is one line."""
