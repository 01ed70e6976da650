"""Every way to declare a type that reads otherwise, and random texts that many of them can read."""

from __future__ import annotations

from hypothesis import strategies as st

from reconciler.model.types import TYPES, Spec
from reconciler.model.types.numbers import NUMBER_FORMATS

_options = (("gold", "Gold tier"), ("a,b", None), ("7", "Seven"))
SPECS = [
    *(Spec(type=name) for name in TYPES),
    *(Spec(type="number", decimals=n) for n in (0, 2, 9)),
    *(Spec(type="integer", format=f) for f in NUMBER_FORMATS),
    *(Spec(type="date", format=f) for f in ("DD/MM/YYYY", "MMM D, YY", "YYYYMMDD", "X")),
    *(Spec(type="datetime", timezone=z) for z in ("Europe/Berlin", "America/St_Johns", "Asia/Kathmandu")),
    Spec(type="datetime", format="M/D/YYYY h:mm A"),
    Spec(type="select", options=_options),
    Spec(type="multiselect", options=_options),
    Spec(type="country", as_="name"),
    *(Spec(type="phone", region=r) for r in ("DE", "US", "IT", "AR", "MX", "BR")),
]

raw_texts = st.one_of(
    st.text(),
    st.text(alphabet=st.characters(exclude_categories=[]), max_size=12),
    st.text(alphabet="0123456789+-., '()eE:TZ/|;[]\"ax", max_size=24),
    st.from_regex(r"[+-]?[0-9]{0,18}[.,]?[0-9]{0,18}(e[+-]?[0-9]{1,3})?", fullmatch=True),
    st.from_regex(r"(\+|00|0)?[ (0-9)-]{4,18}", fullmatch=True),
    st.datetimes().map(str),
    st.datetimes(timezones=st.timezones()).map(lambda at: at.isoformat()),
    st.dates().map(lambda day: day.strftime("%d/%m/%Y")),
    st.integers(min_value=-(10**14), max_value=10**14).map(str),
    st.lists(st.text(max_size=5)).map(lambda items: "|".join(items)),
    st.sampled_from(["gold", "Gold tier", "Seven", "Gold tier; Seven", "a,b", "USA", "Türkiye", "Σ@ΑΣ", "İ@x"]),
    st.emails(),
)
