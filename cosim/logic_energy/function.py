"""Boolean functions of Liberty cells, as truth tables."""

import re
from collections.abc import Sequence

from ..synthesis.library import LibraryError

__all__ = ["MOST_INPUTS", "truth_table"]

# A table has 2^inputs bits, and is kept in 64.
MOST_INPUTS = 6
TOKEN = re.compile(r"\s*([A-Za-z_]\w*|[01]|[!'*&+|^()])")
# Operators, from weak to strong; two factors side by side are a product.
OPERATORS = ("+|", "^", "*&")


def truth_table(function: str, inputs: Sequence[str]) -> int:
    """Return the function's values as bits: bit Σ xᵢ·2ⁱ is its value for inputs xᵢ.

    Operators are those of Liberty: ``!a`` or ``a'``, ``a*b``, ``a&b`` or ``a b``, ``a^b``, ``a+b``
    or ``a|b``, from strong to weak. Raises :class:`LibraryError`.

    >>> f"{truth_table('!(A B)', ['A', 'B']):04b}"
    '0111'
    """
    if len(inputs) > MOST_INPUTS:
        raise LibraryError(f"a cell must have at most {MOST_INPUTS} inputs, not {len(inputs)}")
    size = 1 << len(inputs)
    everything = (1 << size) - 1
    values = {name: sum(1 << row for row in range(size) if row >> index & 1)
              for index, name in enumerate(inputs)}
    values |= {"0": 0, "1": everything}
    tokens = _tokens(function)

    def operation(level: int) -> int:
        if level == len(OPERATORS):
            return factor()
        value = operation(level + 1)
        while tokens and (tokens[-1] in OPERATORS[level] or (
                OPERATORS[level] == "*&" and (tokens[-1] in "!(" or tokens[-1] in values))):
            operator = tokens.pop() if tokens[-1] in OPERATORS[level] else "*"
            other = operation(level + 1)
            value = (value | other if operator in "+|" else
                     value ^ other if operator == "^" else value & other)
        return value

    def factor() -> int:
        token = tokens.pop() if tokens else ""
        if token == "!":
            return factor() ^ everything
        if token == "(":
            value = operation(0)
            if not tokens or tokens.pop() != ")":
                raise LibraryError(f"function {function!r} must have a closing parenthesis")
        elif token in values:
            value = values[token]
        else:
            raise LibraryError(f"function {function!r} must be of {', '.join(inputs) or 'nothing'}"
                               f", not of {token or 'nothing'}")
        while tokens and tokens[-1] == "'":
            tokens.pop()
            value ^= everything
        return value

    value = operation(0)
    if tokens:
        raise LibraryError(f"function {function!r} must end before {tokens[-1]!r}")
    return value


def _tokens(function: str) -> list[str]:
    """Return the tokens, the last one first."""
    tokens, position, text = [], 0, function.rstrip()
    while position < len(text):
        match = TOKEN.match(text, position)
        if not match:
            raise LibraryError(f"function {function!r} must not have {text[position:].strip()!r}")
        tokens.append(match[1])
        position = match.end()
    return tokens[::-1]
