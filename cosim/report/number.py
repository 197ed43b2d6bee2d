"""Numbers on a page: rounded for people, with the exact value in the markup."""

from markupsafe import Markup

__all__ = ["FILTERS", "count", "exact", "percent", "plain", "significant"]

# Between a number and its unit, so that no line ends there.
SPACE = "\N{NO-BREAK SPACE}"


def count(value: float) -> Markup:
    """Return a whole number, with commas; what is not whole is rounded.

    >>> count(1234.5)
    Markup('<data value="1234.5">1,234</data>')
    """
    return _data(value, f"{value:,.0f}")


def significant(value: float, unit: str = "", digits: int = 4) -> Markup:
    """Return a number with so many significant digits, never as a power of ten.

    >>> significant(48.43097, "µJ")
    Markup('<data value="48.43097">48.43\\xa0µJ</data>')
    >>> [str(significant(value).striptags()) for value in (0.00001234, 0, 265538.5)]
    ['0.00001234', '0', '265,538']
    """
    return _data(value, plain(value, digits) + (f"{SPACE}{unit}" if unit else ""))


def exact(value: float, unit: str = "") -> Markup:
    """Return a number that is known to its last digit, such as a constant.

    >>> exact(400.0, "MHz")
    Markup('<data value="400.0">400\\xa0MHz</data>')
    """
    return _data(value, f"{value:,.10g}" + (f"{SPACE}{unit}" if unit else ""))


def percent(value: float, digits: int = 1) -> Markup:
    """Return a fraction as a percentage.

    >>> percent(0.8933, 2)
    Markup('<data value="0.8933">89.33\\xa0%</data>')
    """
    return _data(value, f"{100 * value:.{digits}f}{SPACE}%")


def plain(value: float, digits: int = 4) -> str:
    """Return the text of :func:`significant`, without unit and markup."""
    if not value:
        return "0"
    magnitude = int(f"{value:e}".partition("e")[2])
    return f"{value:,.{max(0, digits - 1 - magnitude)}f}"


def _data(value: float, text: str) -> Markup:
    return Markup('<data value="{}">{}</data>').format(repr(value), text)


FILTERS = {"count": count, "exact": exact, "significant": significant, "percent": percent}
