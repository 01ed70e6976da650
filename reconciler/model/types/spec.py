"""What every value type offers, and all that a reading of it may depend on."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

Parse = Callable[..., str | None]
"""parse(raw, *context) -> canonical text, or None for empty; raises `Unreadable`. Pure."""

Ways = Callable[..., Iterable[str]]
"""ways(canonical, like, *context) -> raw texts that may stand for the value, best first: as `like` is, then plain.

`like`: a cleaned text of the same column, of any content, or None. Nobody relies on a way before reading it. Pure.
"""


@dataclass(frozen=True, slots=True)
class Spec:
    """One field's reading of its type: everything that `parse` may depend on, resolved.

    `options`: (stored value, label or None) pairs; empty means any value. `format`: a pattern such as `DD/MM/YYYY`, or
    how numbers are written (`1,234.56` or `1.234,56`). `timezone`: IANA name, of naive times. `region`: two letters,
    of phone numbers without a country code. `as_`: `code` or `name`. `country`: the value type takes the country as
    one more argument (state). `serialised`: a text may be PHP's way of storing a list, as the cells of a source may.
    """

    type: str = "text"
    format: str | None = None
    decimals: int | None = None
    options: tuple[tuple[str, str | None], ...] = ()
    as_: str | None = None
    timezone: str = "UTC"
    region: str | None = None
    country: bool = False
    serialised: bool = False


class Unreadable(ValueError):
    """A value that its type refuses. `reason` is a short constant phrase, never the value; `key` resolves it.

    `reason` examples: "day or month unclear", "not a number", "outside options". `key`: the key of the file that
    resolves it ("format", "options", "region", "map", ...) or "".
    """

    def __init__(self, reason: str, key: str = "") -> None:
        self.reason = reason
        self.key = key
        super().__init__(reason)


class Guard(NamedTuple):
    """What is known to be canonical without being parsed: `tables` relies on it, and property tests hold it together
    with the parser.

    `shape`: a regular expression (RE2's and Python's common ground) for the whole value; "" is text without control
    characters, white space around it or anything from U+0300 on. What has the shape once the following is done is
    canonical then: white space around it is cut off (`trim`), ASCII letters become small (`lower`), `noise`, a regular
    expression, is taken out, what its group caught apart. `serialised`: what PHP may have serialised is not sure.
    """

    shape: str = ""
    trim: bool = True
    lower: bool = False
    noise: str = ""
    serialised: bool = False


def as_it_stands(_spec: Spec) -> Ways:
    """The ways of a type whose canonical text is what a source holds."""
    return lambda canonical, *_: (canonical,)


class ValueType(NamedTuple):
    """One row of the table of types.

    `build(spec)` gives the parser. `cel(canonical)` gives the typed value that expressions see. `guard`: what need not
    be parsed; None means always parse. `ways(spec)` gives how a value may be written. The texts are what
    `docs/types.md` prints.
    """

    name: str
    aliases: tuple[str, ...]
    build: Callable[[Spec], Parse]
    cel: Callable[[str], object]
    accepts: str
    canonical: str
    refuses: str
    samples: tuple[tuple[str, str | None], ...] = ()
    guard: Guard | None = None
    ways: Callable[[Spec], Ways] = as_it_stands
    written: str = "the canonical text"
