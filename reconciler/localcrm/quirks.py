"""What a real CRM does to values and calls, on purpose and always the same: for rehearsals and tests.

Ordinals count from 1 in one `LocalCrm`; nothing here is random and nothing is kept in the file.
"""

from collections.abc import Callable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from reconciler.localcrm.errors import AnswerLost, Down, TooManyCalls

EVERY_TEXT = "*"

_PLAIN: Mapping[str, Callable[[str], str]] = {
    "strip": lambda text: " ".join(text.split()),
    "title": str.title,
    "upper": str.upper,
    "lower": str.lower,
    "ignore": lambda _text: "",
}


def _rounded(text: str, decimals: int) -> str:
    try:
        return format(Decimal(text).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP), "f")
    except ArithmeticError:
        return text


_NUMBERED: Mapping[str, Callable[[str, int], str]] = {
    "truncate": lambda text, length: text[:length],
    "round": _rounded,
}


def _rule(text: str) -> Callable[[str], str]:
    """The rewriting of that name: `strip`, `title`, `truncate:10`... Raises ValueError."""
    name, _, number = text.partition(":")
    if not number and name in _PLAIN:
        return _PLAIN[name]
    if name in _NUMBERED and number.isascii() and number.isdigit() and len(number) < 7:
        rewrite = _NUMBERED[name]
        return lambda value: rewrite(value, int(number))
    raise ValueError("a rewriting is strip, title, upper, lower, ignore, truncate:N or round:N")


class Quirks(BaseModel):
    """A rehearsal: how the embedded CRM should misbehave."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", hide_input_in_errors=True)

    rewrites: Mapping[str, str] = Field(
        default={},
        description="field key, or * for free text -> strip, title, upper, lower, ignore, truncate:N or round:N",
    )
    lost_answers: Sequence[int] = Field(default=(), description="writing calls that are done but never answered")
    unavailable: Sequence[int] = Field(default=(), description="calls of any kind that are refused with nothing done")
    busy_every: int = Field(default=0, ge=0, description="every Nth call is answered with: too many calls")
    busy_for: float = Field(default=1.0, ge=0, description="the pause in seconds that such an answer asks for")
    refused_items: Sequence[int] = Field(default=(), description="created or updated contacts that are refused")
    vanishing: Sequence[int] = Field(
        default=(), description="updates and taggings of a contact before which somebody deletes it"
    )

    @field_validator("rewrites")
    @classmethod
    def _known_rules(cls, rewrites: Mapping[str, str]) -> Mapping[str, str]:
        for rule in rewrites.values():
            _rule(rule)
        return rewrites


class Mischief:
    """Carries quirks out: counts calls and items, and says when something goes wrong."""

    def __init__(self, quirks: Quirks) -> None:
        self._quirks = quirks
        self.rewrites = bool(quirks.rewrites)
        self._rules = {key: _rule(rule) for key, rule in quirks.rewrites.items()}
        self._calls = 0
        self._writes = 0
        self._items = 0
        self._touched = 0

    def before_call(self) -> None:
        """Raises what this call is answered with instead of being carried out."""
        self._calls += 1
        if self._calls in self._quirks.unavailable:
            raise Down("the CRM is not available")
        if self._quirks.busy_every and self._calls % self._quirks.busy_every == 0:
            raise TooManyCalls(self._quirks.busy_for)

    def after_write(self) -> None:
        """Raises AnswerLost if nobody shall learn that this writing call was carried out."""
        self._writes += 1
        if self._writes in self._quirks.lost_answers:
            raise AnswerLost("the connection broke before the answer")

    def refuses_item(self) -> bool:
        """Whether the next created or updated contact is refused."""
        self._items += 1
        return self._items in self._quirks.refused_items

    def loses_contact(self) -> bool:
        """Whether the contact of the next update or tagging is deleted just before."""
        self._touched += 1
        return self._touched in self._quirks.vanishing

    def rewritten(self, key: str, text: str, free: bool) -> str:
        """What is stored instead of `text`. `free`: the field takes any text, so that rules for all apply to it."""
        rule = self._rules.get(key) or (self._rules.get(EVERY_TEXT) if free else None)
        return rule(text) if rule else text
