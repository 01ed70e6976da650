"""Random texts that most types can read, and random examples of how a column is written."""

from __future__ import annotations

from hypothesis import strategies as st
from random_raw_texts import raw_texts

from reconciler.model.types import TYPES
from reconciler.model.types.places import countries

_lists = st.one_of(
    st.lists(st.text(max_size=4), max_size=4).map("; ".join),
    st.lists(st.sampled_from(["gold", "Gold tier", "a,b", "7", "x|y", "1", "editor", "["])).map("; ".join),
    st.from_regex(r'[\[{]("[a-c,]{0,3}"(: ?true)?(, ?"[x-z;]{1,2}"(: ?true)?)?|[0-9, ]{1,5})[\]}]', fullmatch=True),
    st.from_regex(r'a:[12]:\{(i:0;|s:1:"x";)(b:1;|i:7;|s:2:"ab";)(i:1;s:1:";";)?\}', fullmatch=True),
)
_moments = st.one_of(
    st.datetimes().map(str),
    st.integers(min_value=-(10**10), max_value=10**13).map(str),
    st.from_regex(
        r"20[0-9]{2}([-/.])[0-9]{1,2}\1[0-9]{1,2}([T ][0-9]{1,2}:[0-5][0-9](:[0-5][0-9](\.[0-9]{1,3})?)?"
        r" ?(Z|UTC|[+-][012][0-9]:?[0-5][0-9])?)?",
        fullmatch=True,
    ),
)
_numbers = st.one_of(
    st.from_regex(r"-?[0-9]{1,12}(\.[0-9]{1,8})?", fullmatch=True),
    st.from_regex(r"-?[0-9]{1,3}([,.' ])[0-9]{3}[.,][0-9]{1,3}", fullmatch=True),
    st.integers().map(str),
)
_OF_TYPE: dict[str, st.SearchStrategy[str]] = {
    "email": st.emails(),
    "phone": st.from_regex(r"(\+|00|0)?[1-9][ 0-9-]{4,16}", fullmatch=True),
    "number": _numbers,
    "integer": _numbers,
    "score": _numbers,
    "checkbox": st.sampled_from(["1", "0", "Yes", "no", "ON", "off", "TRUE", "false"]),
    "date": _moments,
    "datetime": _moments,
    "select": st.sampled_from(["gold", "Gold tier", "a,b", "7", "Seven"]),
    "multiselect": _lists,
    "country": st.sampled_from([text for pair in countries().english.items() for text in pair]),
}


def texts_of(type: str) -> st.SearchStrategy[str]:
    """Texts that the type often reads."""
    samples = st.sampled_from([raw for raw, _ in TYPES[type].samples])
    return st.one_of(_OF_TYPE.get(type, raw_texts), raw_texts, samples)


def examples_of(type: str) -> st.SearchStrategy[str | None]:
    """Nothing, texts of that type, and any others."""
    return st.one_of(st.none(), texts_of(type), raw_texts)
