"""Made-up people with the mess of real data: what the CSV files of the examples are written from.

`python examples/people.py` writes them anew, byte for byte the same. Nobody in here exists: names are drawn from
lists, addresses are under example.org and example.com, phone numbers come from ranges that belong to nobody.
"""

from __future__ import annotations

import csv
import json
import random
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

HERE = Path(__file__).resolve().parent
TODAY = date(2026, 11, 22)
Row = dict[str, str]

FIRST_NAMES = (
    "Ada Amélie Anaïs Bård Björn Błażej Chloé Chiara Çağla Dagný Đorđe Elif Émile Femke Ferenc Gülşen Håkon Hélène "
    "Ígor Ilse Īrisa Jens Jürgen Kasimir Kęstutis Lærke Łucja Maarten Maëlle Māra Ngọc Nuño Ólafur Øyvind Paweł "
    "Pénélope Quirin Rónán Saoirse Şirin Søren Søs Tadeáš Tuğba Ülkü Věra Wojciech Xènia Yıldız Zoë Žofie Σοφία Юлия "
    "美咲"
)
LAST_NAMES = (
    "Aalto|Albrecht|Ångström|Bäcker|Bērziņš|Brückner|Çelik|Citroën-Vidal|d'Aubigné|De Smet|Dvořák|Eldjárn|Erdoğmuş|"
    "Fløe|Fröhlich|García López|Grönlund|Hájek|Hœst|Ibáñez|Jäger|Jónsdóttir|Kaczmarek|Kovács|Køhler|L'Hôte|Lindqvist|"
    "Łukasik|Mäkinen|McAllister|Müller-Lüdenscheidt|Núñez|Nyström|O'Brien|Ó Súilleabháin|Öztürk|Pačić|Peña|Quintão|"
    "Rønne|Řezníček|Šimůnek|Sørby|Strauß|Tóth|Ünal|van der Velde|von Ähren|Wąsik|Yılmaz|Zając|Žižka|Παππάς|Волкова|山本"
)
FIRST, LAST = FIRST_NAMES.split(), LAST_NAMES.split("|")
COMPANIES = ("", "", "", "Harbour & Sons", 'The "Little" Bakery', "Nordlicht GmbH", "Ateliers Réunis, SARL", "Kvist AB")
COUNTRIES = ("Germany", "DE", "de", "Austria", "AT", "Switzerland", "France", "FRANCE", "Poland", "Norway", "")
FICTION = ("030 23125", "069 90009", "040 66969", "0221 4710", "089 99998")  # kept free for films and examples
ROLES = ("subscriber", "customer", "editor", "shop_manager", "customer")
INTERESTS = ("running", "reading", "sailing", "cooking", "chess")


def people(count: int, seed: int) -> list[Row]:
    """`count` people, tidy: one id and one address each. `seed` makes them, and nothing else does."""
    draw = random.Random(seed)  # noqa: S311 - made-up people, not secrets
    return [_person(draw, number) for number in range(1, count + 1)]


def _person(draw: random.Random, number: int) -> Row:
    first, last = draw.choice(FIRST), draw.choice(LAST)
    orders = draw.choice((0, 0, 0, 1, 1, 2, 3, 5, 8, 12, 30))
    born = date(1940, 1, 1) + timedelta(days=draw.randrange(25_000))
    seen = datetime(2026, 11, 21, 20, 0, tzinfo=UTC) - timedelta(minutes=draw.randrange(700_000))
    return {
        "ID": str(1000 + number),
        "user_email": f"{_ascii(first)}.{_ascii(last)}.{number}@{draw.choice(('example.org', 'example.com'))}".lower(),
        "first_name": first,
        "last_name": last,
        "date_of_birth": born.isoformat(),
        "billing_phone": f"{draw.choice(FICTION)} {draw.randrange(1000):03}",
        "billing_country": draw.choice(COUNTRIES),
        "billing_company": draw.choice(COMPANIES),
        "pmpro_level": draw.choice(("1", "1", "1", "2", "2", "3", "")),
        "optin": draw.choice(("1", "0", "yes", "no", "on", "")),
        "unsub": draw.choice(("", "", "", "", "", "1")),
        "tier": draw.choice(("bronze", "silver", "gold", "")),
        "roles": _roles(draw),
        "interests": ",".join(draw.sample(INTERESTS, draw.randrange(4))),
        "orders": str(orders),
        "spent": f"{orders * draw.randrange(500, 9000) / 100:.2f}" if orders else "",
        "last_login": seen.strftime("%Y-%m-%d %H:%M:%S"),
        "user_status": draw.choice(("0",) * 19 + ("1",)),
        "description": draw.choice(("", "", "", "Called, wants the brochure.", "Met at the fair")),
    }


def _ascii(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return "".join(c for c in plain.lower() if c.isalnum()) or "x"


def _roles(draw: random.Random) -> str:
    """Lists of roles, in the shapes in which exports bring them."""
    roles = sorted(set(draw.choices(ROLES, k=draw.choice((0, 1, 1, 1, 2)))))
    php = "".join(f's:{len(r)}:"{r}";b:1;' for r in roles)
    return draw.choice((",".join(roles), json.dumps(roles), f"a:{len(roles)}:{{{php}}}" if roles else ""))


def _upper(row: Row) -> None:
    row["user_email"] = row["user_email"].upper()


def _padded(row: Row) -> None:
    row["first_name"] = f"  {row['first_name']}\t"
    row["last_name"] = f"{row['last_name']}\u00a0"


def _decomposed(row: Row) -> None:
    row["first_name"] = unicodedata.normalize("NFD", row["first_name"])
    row["last_name"] = unicodedata.normalize("NFD", row["last_name"])


def _no_email(row: Row) -> None:
    row["user_email"] = ""


def _broken_email(row: Row) -> None:
    row["user_email"] = row["user_email"].replace("@", " at ")


def _date_with_time(row: Row) -> None:
    row["date_of_birth"] = f"{row['date_of_birth'][:10]} 00:00:00"


def _date_as_epoch(row: Row) -> None:
    born = datetime.fromisoformat(row["date_of_birth"]).replace(tzinfo=UTC)
    row["date_of_birth"] = str(int(born.timestamp()))


def _date_by_hand(row: Row) -> None:
    if "-" in row["date_of_birth"][1:]:
        year, month, day = row["date_of_birth"][:10].split("-")
        row["date_of_birth"] = f"{day}/{month}/{year}"


def _no_date(row: Row) -> None:
    row["date_of_birth"] = "unknown"


def _phone_abroad(row: Row) -> None:
    row["billing_phone"] = "+33 1 99 00 " + row["ID"][-2:] + " " + row["ID"][-3:-1]


def _phone_with_code(row: Row) -> None:
    row["billing_phone"] = "0049 (0)" + row["billing_phone"][1:].replace(" ", "-")


def _phone_noted(row: Row) -> None:
    row["billing_phone"] = "ask the office"


def _two_lines(row: Row) -> None:
    row["description"] = 'Prefers e-mail,\r\nnever calls "before noon".'


def _amount_by_hand(row: Row) -> None:
    row["spent"] = "1,234.50"


MESS: tuple[tuple[int, Callable[[Row], None]], ...] = (
    (23, _upper),
    (31, _padded),
    (17, _decomposed),
    (61, _no_email),
    (143, _broken_email),
    (7, _date_with_time),
    (11, _date_as_epoch),
    (37, _date_by_hand),
    (97, _no_date),
    (13, _phone_abroad),
    (19, _phone_with_code),
    (113, _phone_noted),
    (29, _two_lines),
    (131, _amount_by_hand),
)
"""Every n-th row gets it; prime numbers, so that they meet in every combination."""


def with_mess(rows: list[Row], dates: str = "mixed") -> list[Row]:
    """The same people as an export brings them. `dates` "day first": all dates of birth are DD/MM/YYYY."""
    for number, row in enumerate(rows, start=1):
        for every, spoil in MESS:
            if number % every == 0 and not (dates == "day first" and spoil.__name__.startswith("_date")):
                spoil(row)
        if dates == "day first" and row["date_of_birth"] != "unknown":
            _date_by_hand(row)
    return rows


def with_doubles(rows: list[Row], same_person: int, same_address: int) -> list[Row]:
    """One person who stands there twice, and two people who share one address; their numbers in the list, from 1."""
    rows[same_address]["user_email"] = rows[same_address - 1]["user_email"]
    return [*rows[:-1], dict(rows[same_person - 1], first_name="Again")]


def last_year(rows: Sequence[Row]) -> list[Row]:
    """What the CRM of the membership example was filled from a year before: fewer people, older facts."""
    old = [dict(row) for row in rows if int(row["ID"]) % 5]
    for row in old:
        number = int(row["ID"])
        row["orders"] = "0" if number % 3 else row["orders"]
        row["level"] = "silver" if number % 4 == 0 else row["tier"]
        row["legacy_code"] = f"L{number}" if number % 40 == 1 else ""
        row["promo"] = "Old promo" if number % 9 == 0 else ""
        row["last_name"] = row["last_name"].upper() if number % 25 == 3 else row["last_name"]
    return old


def write(path: Path, rows: Iterable[Row], columns: Sequence[str]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.DictWriter(file, columns, extrasaction="ignore", lineterminator="\n")
        out.writeheader()
        out.writerows(rows)


COMMON = ("ID", "user_email", "first_name", "last_name", "date_of_birth", "billing_phone", "billing_country")
DEMO = (*COMMON, "pmpro_level", "optin", "roles", "interests", "orders", "spent", "last_login", "user_status")
MEMBERSHIP = (
    *COMMON, "billing_company", "pmpro_level", "optin", "unsub", "tier", "roles", "orders", "last_login",
    "user_status", "description",
)  # fmt: skip
LAST_YEAR = ("ID", "user_email", "first_name", "last_name", "level", "orders", "legacy_code", "promo")
SITE = (*COMMON, "pmpro_level", "optin", "orders", "last_login", "user_status")
QUICKSTART = ("id", "email", "first_name", "last_name", "birthday", "plan", "orders")


def files() -> dict[str, tuple[list[Row], Sequence[str]]]:
    """Every generated file: its path under `examples`, rows and columns."""
    members = with_doubles(with_mess(people(200, seed=11), dates="day first"), same_person=42, same_address=77)
    return {
        "demo/people.csv": (with_doubles(with_mess(people(1000, seed=7)), same_person=170, same_address=333), DEMO),
        "membership/people.csv": (members, MEMBERSHIP),
        "agency/north.csv": (with_mess(people(30, seed=21)), (*SITE, "billing_company")),
        "agency/south.csv": (with_mess(people(40, seed=22), dates="day first"), (*SITE, "tier")),
        "agency/harbour.csv": (people(24, seed=23), (*SITE, "interests")),
        "membership/last-year.csv": (last_year(with_mess(people(150, seed=11), dates="day first")), LAST_YEAR),
    }


def main(folder: Path = HERE) -> None:
    for name, (rows, columns) in files().items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        write(target, rows, columns)


if __name__ == "__main__":
    main()
