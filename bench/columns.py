"""The twenty fields of the benchmark: each a function of one whole number, in SQL, twice.

`canonical` is what both sides agree on, `source` how an export writes it (padding, case, shapes). `$x` stands for the
number drawn for that person and field, `$noise` for a second one, `$c` for the canonical text. $x + 1 always gives
another value, so that a changed cell is a changed value.
"""

from __future__ import annotations

import itertools
import json
import unicodedata
from dataclasses import dataclass


def words(text: str) -> list[str]:
    return text.split("|")


FIRST = words(
    "Ada|Amélie|Björn|Błażej|Chloé|Dagný|Đorđe|Elif|Femke|Gülşen|Håkon|Ilse|Jürgen|Kęstutis|Lærke|Māra|"
    "Ngọc|Øyvind|Paweł|Quirin|Rónán|Søren|Tadeáš|Ülkü|Věra|Wojciech|Xènia|Yıldız|Zoë|Žofie|Σοφία|Юлия|美咲"
)
LAST = words(
    "Aalto|Ångström|Bērziņš|Çelik|De Smet|Dvořák|Fröhlich|García López|Hájek|Jónsdóttir|Køhler|L'Hôte|"
    "Łukasik|Núñez|O'Brien|Öztürk|Peña|Řezníček|Strauß|Tóth|van der Velde|Wąsik|Żak|Παππάς|Волкова|山本"
)
CITIES = words(
    "Ålesund|Århus|Berlin|Brno|Córdoba|Dresden|Évora|Gdańsk|İzmir|Kraków|Łódź|Malmö|München|Oulu|"
    "Reykjavík|São Paulo|Tromsø|Zürich|Αθήνα|東京"
)
LOCALES = words("cs_CZ|da_DK|de_AT|de_CH|de_DE|en_GB|en_US|es_ES|fi_FI|fr_FR|it_IT|ja_JP|nb_NO|pl_PL|pt_BR|sv_SE|tr_TR")
LEVELS = {"1": "free", "2": "pro", "3": "team", "4": "school"}
STATES = ("active", "cancelled", "expired", "pending", "trial")
TOPICS = words("art|chess|cooking|film|games|history|music|reading|running|sailing|science|travel")
SKILLS = words(
    "Arabic|Czech|Danish|Dutch|English|Finnish|French|German|Greek|Italian|Polish|Portuguese|Spanish|Turkish"
)
TAGS = tuple(f"Segment: {n:02} {TOPICS[n % 12]}" for n in range(60))
PREFIX = "Segment: "


@dataclass(frozen=True, slots=True)
class Column:
    """One field: its entry in the file, and the two texts in SQL."""

    key: str
    entry: str
    canonical: str
    source: str = "$c"


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def pick(values: list[str] | tuple[str, ...], number: str = "$x") -> str:
    """SQL: the value at `number`, going round."""
    return f"([{', '.join(map(quoted, values))}])[1 + ({number}) % {len(values)}]"


def sets(values: list[str], most: int) -> list[tuple[str, ...]]:
    return [chosen for size in range(1, most + 1) for chosen in itertools.combinations(values, size)]


TOPIC_SETS, SKILL_SETS = sets(TOPICS, 3), sets(SKILLS, 2)
COMPACT = {"ensure_ascii": False, "separators": (",", ":")}
PADDED = "CASE $noise % 20 WHEN 0 THEN '  ' || $c WHEN 1 THEN $c || ' ' WHEN 2 THEN {apart} ELSE $c END"
DECOMPOSED = {
    "apart": f"coalesce(map([{', '.join(quoted(n) for n in FIRST)}], \
[{', '.join(quoted(unicodedata.normalize('NFD', n)) for n in FIRST)}])[$c], $c)"
}
DAY = "strftime(DATE '{start}' + (($x) % {days})::INTEGER, '%Y-%m-%d')"
FLAG = "CASE ($x) % 2 WHEN 0 THEN 'true' ELSE 'false' END"
CENTS = "(100 + ($x) % 900000)"
MONEY = f"CASE WHEN {CENTS} % 100 = 0 THEN ({CENTS} // 100)::VARCHAR ELSE \
rtrim(format('{{}}.{{:02d}}', {CENTS} // 100, {CENTS} % 100), '0') END"
PHONE = "'0' || (301000000 + ($x) % 600000000)::VARCHAR"

COLUMNS: tuple[Column, ...] = (
    Column(
        "email",
        "user_email",
        "'person.' || i || '@example.' || " + pick(("org", "com")),
        "CASE $noise % 15 WHEN 0 THEN upper($c) WHEN 1 THEN ' ' || $c ELSE $c END",
    ),
    Column("first_name", "first_name", pick(FIRST), PADDED.format(**DECOMPOSED)),
    Column("last_name", "last_name", pick([f"{a}-{b}" for a in LAST for b in LAST]), PADDED.format(apart="$c || '  '")),
    Column("company", "company", "'Werkstätte ' || ($x) % 5000000 || ' GmbH & Søn'"),
    Column("city", "city", pick(CITIES)),
    Column(
        "notes",
        "notes",
        "'Nr. ' || ($x) % 100000000 || ': called, wants «more»'",
        "CASE $noise % 50 WHEN 0 THEN $c || chr(13) || chr(10) ELSE $c END",
    ),
    Column("birthday", "{from: birthday, type: date}", DAY.format(start="1940-01-01", days=25000)),
    Column("joined", "{from: joined, type: date}", DAY.format(start="2012-01-01", days=5000), "$c || ' 00:00:00'"),
    Column(
        "renewal",
        "{from: renewal, type: date, format: DD/MM/YYYY}",
        DAY.format(start="2026-01-01", days=700),
        "$c[9:10] || '/' || $c[6:7] || '/' || $c[1:4]",
    ),
    Column("newsletter", "{from: newsletter, type: checkbox}", FLAG, "CASE $c WHEN 'true' THEN '1' ELSE '0' END"),
    Column("consent", "{from: consent, type: checkbox}", FLAG, "CASE $c WHEN 'true' THEN 'yes' ELSE 'No' END"),
    Column("paid", "{from: paid, type: checkbox}", FLAG),
    Column(
        "topics",
        "{from: topics, type: multiselect}",
        pick([json.dumps(s, **COMPACT) for s in TOPIC_SETS]),
        pick([", ".join(reversed(s)) for s in TOPIC_SETS]),
    ),
    Column("skills", "{from: skills, type: multiselect}", pick([json.dumps(s, **COMPACT) for s in SKILL_SETS])),
    Column(
        "level",
        "{from: level, type: select, map: {" + ", ".join(f'"{k}": {v}' for k, v in LEVELS.items()) + "}}",
        pick(list(LEVELS.values())),
        pick(list(LEVELS)),
    ),
    Column("state", "{from: state, type: select}", pick(STATES)),
    Column("locale", "locale", pick(LOCALES)),
    Column("orders", "{from: orders, type: integer}", "(($x) % 400)::VARCHAR"),
    Column("spent", "{from: spent, type: number}", MONEY, f"format('{{}}.{{:02d}}', {CENTS} // 100, {CENTS} % 100)"),
    Column("phone", "{from: phone, type: phone}", PHONE, "$c[1:3] || ' ' || $c[4:7] || '-' || $c[8:]"),
)
SELECTS = {"level": tuple(LEVELS.values()), "state": STATES, "topics": tuple(TOPICS), "skills": tuple(SKILLS)}
