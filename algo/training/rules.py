"""Rules that the values of a recipe keep."""

__all__ = ["RecipeError", "in_range", "one_of", "require"]


class RecipeError(ValueError):
    """A recipe breaks a rule; the message is one line that names key and value."""


def require(condition: bool, rule: str, value) -> None:
    """Raise :class:`RecipeError` with rule and value unless the condition holds."""
    if not condition:
        raise RecipeError(f"{rule}, not {value!r}")


def one_of(key: str, known: tuple[str, ...], value) -> None:
    """Require a known value."""
    require(value in known, f"{key} must be one of {', '.join(known)}", value)


def in_range(key: str, low: float, high: float, value: float) -> None:
    """Require a value from ``low`` to ``high``."""
    require(low <= value <= high, f"{key} must be {low} to {high}", value)
