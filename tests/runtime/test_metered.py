"""A CRM behind the HTTP door: what a plan says that it costs, calls and seconds, is what an apply takes."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.model.outcome import Outcome, Result
from reconciler.model.plan import Cost
from reconciler.model.problems import Exit, Failure
from reconciler.runtime import pipeline
from reconciler.runtime.pipeline import Request

from .memory_crm import KEY
from .small_vendor import GENERAL, SmallVendor

HEAD = """\
version: 1
crm: {type: small}
source: {type: csv, path: people.csv, types: {orders: integer}}
identity: {person: id, match: email}
contacts: {create: true}
limits: {create: 99999, update_percent: 100, untag_percent: 100, tag_people: 99999}
"""
FIELDS = "fields: {email: mail, city: {from: city, type: text, group: Members}}\n"
TAGS = "tags: {Customer: {when: 'orders > 0'}, Few: {when: 'orders > 90'}}\n"


@pytest.fixture(autouse=True)
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The adapter, as if its package had been installed."""
    about = tmp_path / "site" / "crm_small-1.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: crm-small\nVersion: 1\n")
    (about / "entry_points.txt").write_text(f"[reconciler.crm]\nsmall = {SmallVendor.__module__}:ADAPTER\n")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))


def written(folder: Path, body: str, people: int, city: str = "Brno", head: str = HEAD) -> None:
    rows = [f"{n},p{n}@example.org,{city},{n % 100}" for n in range(people)]
    (folder / "people.csv").write_text("\n".join(["id,mail,city,orders", *rows, ""]))
    (folder / "reconciler.yaml").write_text(head + body)


def asked(folder: Path, vendor: SmallVendor, workers: int = 1) -> Request:
    return Request(
        folder / "reconciler.yaml",
        {},
        vendor.clock(),
        lambda count: KEY[:count],
        allow={"create": 99999, "untag": 99999},
        transport=vendor.transport(),
        workers=workers,
    )


def applied(folder: Path, vendor: SmallVendor) -> tuple[Outcome, Cost, float]:
    """The outcome, the cost that a plan named before, and how long the apply took by the vendor's clock."""
    said = pipeline.plan(asked(folder, vendor)).cost
    vendor.at += 60.0
    began = vendor.at
    outcome = pipeline.apply(asked(folder, vendor), lambda _: True, lambda: False)
    return outcome, said, vendor.at - began


def there(vendor: SmallVendor, count: int) -> None:
    vendor.fields["city"] = {"type": "text", "group": "Members"}
    vendor.contacts |= {f"c{n + 1}": {"email": f"p{n}@example.org", "city": "Oslo"} for n in range(count)}


@pytest.mark.parametrize("latency", [0.0, 0.04])
@pytest.mark.parametrize(("people", "known"), [(1, 0), (101, 0), (350, 100), (350, 350), (2000, 1000)])
@pytest.mark.parametrize("body", [FIELDS, FIELDS + TAGS], ids=["fields", "tags"])
def test_calls_and_time_are_as_predicted(tmp_path: Path, body: str, people: int, known: int, latency: float) -> None:
    vendor = SmallVendor(latency)
    if known:
        there(vendor, known)
    written(tmp_path, body, people)
    outcome, said, seconds = applied(tmp_path, vendor)
    assert outcome.result is Result.APPLIED
    assert outcome.plan.cost == said
    assert outcome.calls == said.endpoints
    assert seconds == pytest.approx(said.seconds, rel=0.05, abs=0.25)
    again = pipeline.apply(asked(tmp_path, vendor), lambda _: True, lambda: False)
    assert again.result is Result.NONE
    assert again.calls == again.plan.cost.endpoints


def test_ten_thousand_changed_contacts_take_as_few_calls_as_they_can_and_the_whole_limit(tmp_path: Path) -> None:
    vendor = SmallVendor(latency=0.03)
    there(vendor, 10_000)
    written(tmp_path, FIELDS, 10_000)
    outcome, said, seconds = applied(tmp_path, vendor)
    assert vendor.paths["/update"] == 100 == said.writes
    assert outcome.written.values == 10_000
    assert seconds == pytest.approx(said.seconds, rel=0.05)
    calls = sum(call.calls for call in outcome.calls)
    assert (calls - 1) / seconds >= 0.98 * GENERAL.calls / GENERAL.per
    assert vendor.most_in_any_window() <= GENERAL.calls


def test_with_several_calls_on_the_way_the_same_is_done_by_the_same_calls(tmp_path: Path) -> None:
    vendor = SmallVendor()
    there(vendor, 1000)
    written(tmp_path, FIELDS + TAGS, 2000)
    outcome = pipeline.apply(asked(tmp_path, vendor, workers=6), lambda _: True, lambda: False)
    assert outcome.result is Result.APPLIED
    assert outcome.calls == outcome.plan.cost.endpoints
    assert sorted(contact["email"] for contact in vendor.contacts.values()) == sorted(
        f"p{n}@example.org" for n in range(2000)
    )
    again = pipeline.apply(asked(tmp_path, vendor, workers=6), lambda _: True, lambda: False)
    assert again.result is Result.NONE


def test_the_files_rate_is_kept_and_never_raises_the_vendors(tmp_path: Path) -> None:
    vendor = SmallVendor()
    for rate, a_second in (("{calls: 2, per: 1s}", 2.0), ("{calls: 500, per: 1s}", GENERAL.rate)):
        written(tmp_path, FIELDS, 120, head=HEAD.replace("type: small", f"type: small, rate: {rate}"))
        vendor.contacts.clear()
        pipeline.forget(asked(tmp_path, vendor))
        outcome, said, seconds = applied(tmp_path, vendor)
        assert outcome.result is Result.APPLIED
        assert said.rate == a_second
        assert seconds == pytest.approx(said.seconds, rel=0.05, abs=1.1 / a_second)


def test_rights_that_are_missing_are_told_before_anything_is_written(tmp_path: Path) -> None:
    vendor = SmallVendor()
    written(tmp_path, FIELDS, 3, head=HEAD.replace("type: small", "type: small, may_write: false"))
    seen: list[object] = []
    with pytest.raises(Failure) as caught:
        pipeline.apply(asked(tmp_path, vendor), lambda plan: not seen.append(plan), lambda: False)
    assert caught.value.exit is Exit.AUTHENTICATION
    assert [p.code for p in caught.value.problems] == ["E301"]
    assert "contacts.write" in caught.value.problems[0].detail
    assert seen == []
    assert set(vendor.paths) == {"/me", "/fields", "/tags", "/contacts"}
    assert vendor.paths["/fields"] == 1


def test_rights_that_no_change_needs_are_not_asked_for(tmp_path: Path) -> None:
    vendor = SmallVendor()
    there(vendor, 3)
    written(tmp_path, FIELDS, 3, head=HEAD.replace("type: small", "type: small, may_write: false"))
    outcome = pipeline.apply(asked(tmp_path, vendor), lambda _: True, lambda: False)
    assert outcome.result is Result.APPLIED
