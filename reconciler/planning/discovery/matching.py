"""Which field a column probably fills: by what both are called, and by whether the field can hold its values.

Whole names are compared, never parts of them: an IP address is no address, a verified e-mail no e-mail.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from reconciler.model.discovery import Column, Proposal, Target
from reconciler.planning.discovery import synonyms
from reconciler.planning.discovery.words import words

LEAST = 70
"""Confidence below which nothing is proposed."""

_NEAR = 88.0  # likeness of two names, in percent, from which one may be the other misspelt
_SHORTEST = 5  # letters below which two names that differ are two names
_CONCEPT_OF = {phrase: concept for concept, phrases in synonyms.CONCEPTS.items() for phrase in phrases}
_SQUASHED = {phrase.replace(" ", ""): concept for phrase, concept in _CONCEPT_OF.items()}

_ANY = None
_COSTS: Mapping[str, Mapping[str | None, int]] = {
    # type of the column -> type of the field -> points that the confidence loses; what is missing cannot be
    "text": {"text": 0, "raw": 2, "state": 2, "select": 6, "multiselect": 15, "country": 8, "url": 8, "phone": 20},
    "email": {"email": 0, "text": 2, "raw": 4},
    "phone": {"phone": 0, "text": 2, "raw": 4},
    "url": {"url": 0, "text": 2, "raw": 4},
    "number": {"number": 0, "score": 2, "text": 8, "raw": 8},
    "integer": {"integer": 0, "number": 0, "score": 2, "text": 4, "select": 8, "phone": 10, "raw": 6},
    "checkbox": {"checkbox": 0, "select": 8, "text": 10, "integer": 12, "raw": 10},
    "date": {"date": 0, "datetime": 4, "text": 8, "raw": 8},
    "datetime": {"datetime": 0, "date": 4, "text": 8, "raw": 8},
    "select": {"select": 0, "text": 2, "multiselect": 4, "state": 2, "country": 8, "raw": 4},
    "multiselect": {"multiselect": 0, "text": 12, "raw": 12},
    "country": {"country": 0, "text": 2, "select": 4, "raw": 4},
    "state": {"state": 0, "text": 0, "select": 4, "raw": 4},
}
_EMPTY = 5  # an empty column says nothing about its type
_QUALIFIED: Mapping[tuple[bool, bool], int] = {
    # has the column a qualifier, has the field one (and not the same): points lost
    (False, False): 0,
    (True, False): 3,
    (False, True): 12,
    (True, True): 40,
}
_SECOND_CHOICE = {"shipping": 4, "work": 1}


@dataclass(frozen=True, slots=True)
class Called:
    """A name taken apart: the phrase that is left without words in front, and which place they name (`billing`)."""

    phrase: str
    place: str
    whole: str


def proposals(
    columns: Sequence[Column], targets: Sequence[Target], taken: Collection[str] = ()
) -> tuple[Proposal, ...]:
    """The most likely field of each column, in the order of the columns; no field and no column twice.

    `taken`: names of columns that are out of the question. Columns set apart are, too.
    """
    free = [c for c in columns if c.name not in taken and not c.apart]
    pairs = [(_confidence(column, target), c, t) for c, column in enumerate(free) for t, target in enumerate(targets)]
    found: dict[int, Proposal] = {}
    used: set[int] = set()
    for confidence, c, t in sorted(pairs, key=lambda pair: (-pair[0], pair[1], pair[2])):
        if confidence < LEAST:
            break
        if c not in found and t not in used:
            found[c] = Proposal(free[c].name, targets[t], confidence)
            used.add(t)
    return tuple(found[c] for c in sorted(found))


def _confidence(column: Column, target: Target) -> int:
    cost = _cost(column, target)
    if cost is None:
        return 0
    names = dict.fromkeys((target.key, target.label))
    mine = dict.fromkeys((column.name, column.called or column.name))
    return max(round(max(_likeness(called(own), called(name)) for own in mine for name in names)) - cost, 0)


def _cost(column: Column, target: Target) -> int | None:
    if not column.filled:
        return _EMPTY
    if target.type is None or target.type == column.type:
        return 0
    return _COSTS.get(column.type, {}).get(target.type)


def _likeness(column: Called, target: Called) -> float:
    """How sure it is, 0 to 100, that one name means what the other means."""
    if not column.phrase or not target.phrase:
        return 0.0
    if column.whole == target.whole:
        return 100.0
    lost = 0 if column.place == target.place else _QUALIFIED[bool(column.place), bool(target.place)]
    lost += 0 if column.place == target.place else _SECOND_CHOICE.get(column.place, 0)
    mine, theirs = concept(column.phrase), concept(target.phrase)
    if mine and theirs:
        return 99.0 - lost if mine == theirs else 0.0
    return _alike(column.phrase, target.phrase) - lost - 1


def _alike(one: str, other: str) -> float:
    """Likeness of two whole phrases in percent, the order of words aside; 0 where it is too small to mean anything."""
    from rapidfuzz import fuzz

    if one.replace(" ", "") == other.replace(" ", ""):
        return 100.0
    if min(len(one), len(other)) < _SHORTEST:
        return 0.0
    return float(fuzz.token_sort_ratio(one, other, score_cutoff=_NEAR))


@lru_cache(maxsize=20_000)
def concept(phrase: str) -> str:
    """What the phrase means by the table, misspelt too; "" for what the table does not know."""
    if found := _CONCEPT_OF.get(phrase) or _SQUASHED.get(phrase.replace(" ", "")):
        return found
    if len(phrase) < _SHORTEST:
        return ""
    from rapidfuzz import fuzz, process

    near = process.extractOne(phrase, list(_CONCEPT_OF), scorer=fuzz.ratio, score_cutoff=_NEAR + 2)
    return _CONCEPT_OF[near[0]] if near and len(near[0]) >= _SHORTEST else ""


@lru_cache(maxsize=20_000)
def called(name: str) -> Called:
    """`shipping_postcode` is called postcode, at the shipping; `Your e-mail address` is called e-mail address."""
    said = words(name)
    whole = "".join(said)
    place, rest = "", said
    while len(rest) > 1 and not _known(rest):
        if rest[0] in synonyms.PLACES:
            place = place or synonyms.PLACES[rest[0]]
        elif rest[0] not in synonyms.NEUTRAL:
            break
        rest = rest[1:]
    if not _known(rest):
        rest = next((inner for inner in _without_roundabouts(rest) if _known(inner)), rest)
    return Called(" ".join(rest), place, whole)


def _known(said: Sequence[str]) -> bool:
    return " ".join(said) in _CONCEPT_OF


def _without_roundabouts(said: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    if len(said) > 1 and said[0] in synonyms.ROUNDABOUT:
        yield said[1:]
    if len(said) > 1 and said[-1] in synonyms.ROUNDABOUT:
        yield said[:-1]
    if len(said) > 2 and said[0] in synonyms.ROUNDABOUT and said[-1] in synonyms.ROUNDABOUT:
        yield said[1:-1]


def first_match(columns: Iterable[Column], wanted: str, fits: Callable[[Column], bool]) -> Column | None:
    """Of the columns that fit, the one whose name most surely means `wanted`, else the first; None without any."""
    able = [column for column in columns if fits(column)]
    return max(able, key=lambda column: _likeness(called(column.name), called(wanted)), default=None)
