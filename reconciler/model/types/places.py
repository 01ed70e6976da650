"""Places: country and state, by ISO 3166."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any, NamedTuple

from reconciler.model.types.spec import Guard, Parse, Spec, Unreadable, ValueType, Ways, as_it_stands
from reconciler.model.types.text import clean, parse_text
from reconciler.model.types.writing import in_case_of

_SHORT_NAMES = {
    "BN": "Brunei",
    "CD": "Democratic Republic of the Congo",
    "FK": "Falkland Islands",
    "FM": "Micronesia",
    "MF": "Saint Martin",
    "PS": "Palestine",
    "RU": "Russia",
    "SX": "Sint Maarten",
    "TR": "Turkey",
    "VA": "Vatican City",
    "VG": "British Virgin Islands",
    "VI": "U.S. Virgin Islands",
}
"""English names where the standard's own is inverted, in brackets, or hardly ever written."""

_ALSO_CALLED = {
    "AE": ("UAE",),
    "BQ": ("Caribbean Netherlands",),
    "CD": ("DR Congo", "Congo-Kinshasa", "Congo (Kinshasa)"),
    "CG": ("Republic of the Congo", "Congo-Brazzaville", "Congo (Brazzaville)"),
    "CI": ("Ivory Coast",),
    "CV": ("Cape Verde",),
    "CZ": ("Czech Republic",),
    "FM": ("Federated States of Micronesia",),
    "GB": ("UK", "U.K.", "Great Britain", "Britain"),
    "MK": ("Macedonia",),
    "MM": ("Burma",),
    "NL": ("Holland", "The Netherlands"),
    "PS": ("Palestinian Territory", "Palestinian Territories"),
    "SH": ("Saint Helena",),
    "SZ": ("Swaziland",),
    "TL": ("East Timor",),
    "TW": ("Republic of China",),
    "US": ("U.S.", "U.S.A.", "United States of America"),
    "VA": ("Vatican", "Holy See"),
    "VG": ("Virgin Islands (British)",),
    "VI": ("Virgin Islands (US)", "US Virgin Islands"),
}

_KOSOVO = ("XK", "XKX", "Kosovo")
"""Not in the standard, which leaves its code to users; every shop system and CRM has it."""

_not_word = re.compile(r"[^\w]+").sub


def fold_place(name: str) -> str:
    """The form in which two spellings of a place's name are equal: no case, accents or punctuation, `St` as Saint."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", name.replace("&", " and ")) if not unicodedata.combining(c))
    words = _not_word(" ", bare.replace("'", "").replace("’", "").casefold().replace(".", "")).split()
    return " ".join("saint" if word == "st" else word for word in words)


class Places(NamedTuple):
    """`codes`: what may be written -> code. `names`: a name's spellings -> its codes. `english`: code -> name."""

    codes: dict[str, str]
    names: dict[str, frozenset[str]]
    english: dict[str, str]

    def find(self, text: str, *, by_name: bool = False) -> frozenset[str]:
        """What `text` may mean, as codes or as English names: nothing if unknown, several if a name is shared."""
        upper = text.upper()
        coded = frozenset((self.codes[upper],)) if upper in self.codes else frozenset[str]()
        named = self.names.get(text) or self.names.get(fold_place(text), frozenset())
        # A name may be another place's code; what was written before as a name has to stay that name.
        found = (named or coded) if by_name else (coded or named)
        return frozenset(self.english[code] for code in found) if by_name else found


def _places(rows: Iterable[tuple[str, Iterable[str], Iterable[str]]]) -> Places:
    """From (code, other codes, names with the English one first)."""
    codes: dict[str, str] = {}
    names: dict[str, frozenset[str]] = {}
    english: dict[str, str] = {}
    for code, others, called in rows:
        called = list(called)
        english[code] = called[0]
        for other in (code, *others):
            codes[other.upper()] = code
        for key in {spelling for name in called for spelling in (name, fold_place(name))}:
            names[key] = names.get(key, frozenset()) | {code}
    return Places(codes, names, english)


@cache
def countries() -> Places:
    """Every country of ISO 3166-1 and Kosovo."""
    import pycountry

    rows = []
    for country in pycountry.countries:
        code = country.alpha_2
        given = [getattr(country, kind, None) for kind in ("common_name", "name", "official_name")]
        names = [_SHORT_NAMES.get(code), *given, *_ALSO_CALLED.get(code, ())]
        rows.append((code, (country.alpha_3,), [name for name in names if name]))
    rows.append((_KOSOVO[0], (_KOSOVO[1],), [_KOSOVO[2]]))
    return _places(rows)


@cache
def states(country: str) -> Places:
    """Every subdivision of a country, coded as ISO 3166-2 does without the country in front."""
    import pycountry

    rows = []
    known: Any = pycountry.subdivisions
    for state in known.get(country_code=country) or ():
        code = state.code.partition("-")[2]
        names = [part.strip(" ]") for part in re.split(r"[\[;]", state.name)]
        turned = [" ".join(reversed(name.split(", "))) for name in names if name.count(", ") == 1]
        rows.append((code, (state.code, country + code), [*names, *turned]))
    return _places(rows)


def build_country(spec: Spec) -> Parse:
    """Two-letter code, or the English name with `as: name`."""
    places, by_name = countries(), spec.as_ == "name"
    quick = {code: name if by_name else code for code, name in places.english.items()}

    def parse(raw: str | None) -> str | None:
        if raw in quick:
            return quick[raw]
        text = clean(raw) if raw else ""
        if not text:
            return None
        found = places.find(text, by_name=by_name)
        if len(found) != 1:
            raise Unreadable("unknown country", "map")
        return next(iter(found))

    return parse


def build_state(spec: Spec) -> Parse:
    """Text; with `country`, parse(raw, country) gives the code within that country, or the name with `as: name`."""
    if not spec.country:
        return parse_text
    by_name = spec.as_ == "name"

    def parse(raw: str | None, country: str | None = None) -> str | None:
        text = clean(raw) if raw else ""
        where = clean(country) if country else ""
        if not text or not where:
            return text or None
        within = countries().find(where)
        if len(within) != 1:
            raise Unreadable("unknown country", "country")
        places = states(next(iter(within)))
        if not places.english:
            return text
        found = places.find(text, by_name=by_name)
        if len(found) != 1:
            raise Unreadable("two states of that name" if found else "unknown state", "map")
        return next(iter(found))

    return parse


_SHORT = 2
_looks_coded = re.compile(r"(?:[A-Za-z]{2}(-))?[A-Za-z0-9]{1,3}").fullmatch


def ways_of_country(spec: Spec) -> Ways:
    """The code of two or three letters or the English name, as `like` is one."""
    places = countries()
    long = {code: other for other, code in places.codes.items() if other != code}
    codes = _codes(places, spec)

    def ways(canonical: str, like: str | None, *_: str | None) -> Iterator[str]:
        code = codes.get(canonical)
        if like and code:
            short, coded = len(like) == _SHORT, like.upper() in places.codes
            yield in_case_of(code if short else long[code] if coded else places.english[code], like)
        yield canonical

    return ways


def ways_of_state(spec: Spec) -> Ways:
    """With `country`, the code (`CA`, `US-CA`) or the name, as `like` is one, in whichever country."""
    if not spec.country:
        return as_it_stands(spec)

    def ways(canonical: str, like: str | None, country: str | None = None) -> Iterator[str]:
        within = countries().find(clean(country)) if country else frozenset[str]()
        if like and len(within) == 1:
            where = next(iter(within))
            places = states(where)
            code = _codes(places, spec).get(canonical)
            if code:
                yield in_case_of(_spelled(places, where, code, like), like)
        yield canonical

    return ways


def _codes(places: Places, spec: Spec) -> dict[str, str]:
    """Canonical text -> code."""
    return {name if spec.as_ == "name" else code: code for code, name in places.english.items()}


def _spelled(places: Places, where: str, code: str, like: str) -> str:
    """A state of the country `where`; the example may be of another country, where its looks are all that is known."""
    coded, looks = like.upper() in places.codes, _looks_coded(like)
    if not coded and (like in places.names or looks is None):
        return places.english[code]
    return f"{where}-{code}" if looks is not None and looks[1] else code


ROWS = (
    ValueType(
        name="country",
        aliases=("nation", "country code"),
        build=build_country,
        cel=str,
        accepts="two-letter and three-letter codes of ISO 3166-1, English names (`UK`, `Holland` too), any case",
        canonical="the two-letter code; with `as: name` the English name",
        refuses="unknown countries (`map`)",
        samples=(("de", "DE"), ("DEU", "DE"), ("Germany", "DE"), ("USA", "US"), ("Cote d’Ivoire", "CI"), ("", None)),
        ways=ways_of_country,
        written="the canonical text; code of two or three letters or English name as the example",
    ),
    ValueType(
        name="state",
        aliases=("province", "subdivision"),
        build=build_state,
        cel=str,
        accepts="any text; with `country` codes and names of ISO 3166-2 within that country",
        canonical="the text; with `country` the code without the country's (`CA`), or its name with `as: name`; "
        "text where that country is empty or has no states",
        refuses="with `country`: unknown states and names that two share (`map`), unknown countries (`country`)",
        samples=(("CA", "CA"), (" Bayern", "Bayern"), ("", None)),
        guard=Guard(),
        ways=ways_of_state,
        written="the canonical text; with `country` the code (`CA`, `US-CA`) or name as the example",
    ),
)
