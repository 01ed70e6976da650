"""Entries under `allow`: until when they count, by which clock, and what is said of them."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from reconciler.model.desired import Allowance
from reconciler.model.plan import AllowedBy
from reconciler.model.problems import Level, Place
from reconciler.planning.allowances import Allowed, allowance_problems, judged_on, leveled, written_entry

from .small_crm import FILE, file_with

LAST = date(2026, 12, 1)
ENTRY = Allowance("why", LAST, Place(FILE, 50, 5), "clear", 9)
OF_CHECK = Allowance("why", LAST, Place(FILE, 51, 5), check="C001")


def allowed(day: date, *entries: Allowance) -> Allowed:
    return Allowed.on(day, replace(file_with(), allow=entries), {})


def said(day: date, *entries: Allowance) -> list[tuple[str, int]]:
    found = allowance_problems(replace(file_with(), allow=entries), day)
    return [(p.code, p.where.line) for p in found if p.where]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_an_entry_counts_to_the_end_of_its_last_day() -> None:
    assert allowed(LAST, ENTRY).limit("clear", 0)[0] == 9
    assert allowed(LAST + timedelta(1), ENTRY).limit("clear", 0) == (0, None)


@pytest.mark.parametrize(
    ("real", "plans", "day"),
    [
        ("2026-12-01T23:59:59+00:00", "2026-12-01T00:00:00+00:00", LAST),
        ("2026-12-02T00:00:00+00:00", "2026-12-01T00:00:00+00:00", date(2026, 12, 2)),
        ("2026-12-02T00:00:00+00:00", "2020-01-01T00:00:00+00:00", date(2026, 12, 2)),
        ("2026-11-01T00:00:00+00:00", "2027-01-01T00:00:00+00:00", date(2027, 1, 1)),
        ("2026-12-01T20:00:00-05:00", "2026-12-01T00:00:00+00:00", date(2026, 12, 2)),
        ("2026-12-02T01:00:00+02:00", "2026-12-01T00:00:00+00:00", LAST),
    ],
    ids=[
        "the end of the day",
        "the next day",
        "an old --now revives nothing",
        "a later --now rehearses what will be",
        "west of UTC",
        "east of UTC",
    ],
)
def test_the_day_is_that_of_the_later_clock_in_utc(real: str, plans: str, day: date) -> None:
    assert judged_on(at(real), at(plans)) == day


def test_the_day_does_not_depend_on_the_zone_of_the_clock() -> None:
    here = datetime(2026, 12, 2, 3, 0, tzinfo=timezone(timedelta(hours=9)))
    assert judged_on(here, datetime(2026, 1, 1, tzinfo=UTC)) == LAST


def test_what_counts_no_more_is_said_with_its_line_and_goes_by_itself_nowhere() -> None:
    assert said(LAST, ENTRY, OF_CHECK) == []
    assert said(LAST + timedelta(1), ENTRY, OF_CHECK) == [("R330", 50), ("R330", 51)]


def test_what_counts_for_more_than_ninety_days_is_said() -> None:
    assert said(LAST - timedelta(90), ENTRY) == []
    assert said(LAST - timedelta(91), ENTRY) == [("R331", 50)]


def test_the_rules_of_the_file_set_how_serious_that_is() -> None:
    found = list(allowance_problems(replace(file_with(), allow=(ENTRY,)), LAST + timedelta(1)))
    assert [p.level for p in leveled(found, {})] == [Level.WARNING]
    assert [p.level for p in leveled(found, {"allow-expired": Level.ERROR})] == [Level.ERROR]
    assert list(leveled(found, {"allow-expired": Level.OFF})) == []


def test_a_check_is_let_pass_by_the_entry_that_counts_longest() -> None:
    longer = OF_CHECK._replace(until=date(2027, 1, 1), where=Place(FILE, 52, 5), reason="still")
    assert allowed(LAST, OF_CHECK, longer).check("C001") == AllowedBy("file", 0, longer.where, "still", "2027-01-01")
    assert allowed(LAST, OF_CHECK).check("C002") is None
    assert allowed(LAST + timedelta(1), OF_CHECK).check("C001") is None


@pytest.mark.parametrize(
    ("keys", "entry"),
    [
        ({"limit": "clear", "up_to": 5}, "{limit: clear, up_to: 5, reason: WHY, until: DATE}"),
        ({"subject": "New customer"}, "{subject: New customer, reason: WHY, until: DATE}"),
        ({"subject": "Role: *"}, '{subject: "Role: *", reason: WHY, until: DATE}'),
        ({"subject": "a, b}"}, '{subject: "a, b}", reason: WHY, until: DATE}'),
        ({"subject": "no"}, '{subject: "no", reason: WHY, until: DATE}'),
        ({"subject": "007"}, '{subject: "007", reason: WHY, until: DATE}'),
        ({"check": "C001"}, "{check: C001, reason: WHY, until: DATE}"),
    ],
)
def test_an_entry_is_shown_as_it_can_be_written(keys: dict[str, str | int], entry: str) -> None:
    assert written_entry(**keys) == entry
