"""The contract kit notices broken adapters: each fault below breaks a promise that the embedded CRM keeps."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest import SkipTest

import pyarrow as pa
import pytest

from reconciler.adapters.crm import Done, Record, WireRecord
from reconciler.adapters.errors import AdapterError, Duplicate, NotFound, Rejected
from reconciler.adapters.local.door import LocalDoor
from reconciler.localcrm import LocalCrm, Quirks
from reconciler.model.clock import Clock
from reconciler.model.inventory import Account, CrmField, CrmOption
from reconciler.testing.kit import PROMISES, Promise, Subject

CLOCK = Clock.fixed(datetime(2026, 11, 22, 10, tzinfo=UTC))


class MakesOnConnect(LocalDoor):
    def connect(self) -> Account:
        self._crm.add_tag("made by connect") if not self._crm.tags() else None
        return super().connect()


class FindsOnlyLowerCase(LocalDoor):
    def get_contact_id(self, email: str) -> str | None:
        return super().get_contact_id(email) if email == email.lower() else None


class ForgetsOtherFields(LocalDoor):
    def update_contact(self, contact_id: str, data: Record) -> None:
        keys = [f.key for f in self.sync_crm_fields() if f.key != "email"]
        super().update_contact(contact_id, {**dict.fromkeys(keys), **data})


class ReplacesTags(LocalDoor):
    def apply_tags(self, tags: Sequence[str], contact_id: str) -> None:
        super().remove_tags([t.key for t in self.sync_tags()], contact_id)
        super().apply_tags(tags, contact_id)


class TakesDuplicates(LocalDoor):
    def add_contact(self, data: Record) -> str:
        try:
            return super().add_contact(data)
        except Duplicate as error:
            self.update_contact(error.existing or "", data)
            return error.existing or ""


class QuotesValues(LocalDoor):
    def add_contact(self, data: Record) -> str:
        try:
            return super().add_contact(data)
        except AdapterError as error:
            raise type(error)(f"refused: {dict(data)}") from None


class ChainsForeignErrors(LocalDoor):
    def load_contact(self, contact_id: str, fields: Sequence[str]) -> WireRecord:
        try:
            return {"x": str(int(contact_id))} and super().load_contact(contact_id, fields)
        except (ValueError, NotFound) as error:
            raise NotFound from error


class DropsTheLastItem(LocalDoor):
    def add_contacts(self, items: Sequence[Record]) -> Sequence[Done]:
        return [*super().add_contacts(items[:-1]), Done("77")] if len(items) > 50 else super().add_contacts(items)


class StopsAtTheFirstError(LocalDoor):
    def update_contacts(self, items: Sequence[tuple[str, Record]]) -> Sequence[Done]:
        done = list(super().update_contacts(items[:1]))
        return done if done[0].error is None else [done[0]] * len(items)


class RepeatsAPage(LocalDoor):
    def all_contacts(self, fields: Sequence[str], since: datetime | None = None) -> Iterator[pa.RecordBatch]:
        for page in super().all_contacts(fields, since):
            yield page
            yield page.slice(0, 1)


class ReplacesOptions(LocalDoor):
    def update_field(
        self,
        key: str,
        *,
        label: str | None = None,
        group: str | None = None,
        options: Sequence[CrmOption] | None = None,
    ) -> None:
        super().update_field(key, label=label, group=group, options=(options or ())[-1:])


class LosesAccents(LocalDoor):
    def add_contact(self, data: Record) -> str:
        def plain(value: Any) -> Any:
            return value.encode("ascii", "replace").decode() if isinstance(value, str) else value

        return super().add_contact({key: plain(value) for key, value in data.items()})


class IgnoresUnknownFields(LocalDoor):
    def add_contact(self, data: Record) -> str:
        try:
            return super().add_contact(data)
        except Rejected as error:
            return super().add_contact({k: v for k, v in data.items() if k != error.field})


class SeesNobodyMissing(LocalDoor):
    def get_tags(self, contact_id: str) -> Sequence[str]:
        try:
            return super().get_tags(contact_id)
        except NotFound:
            return []


class MakesEverythingText(LocalDoor):
    def add_field(self, field: CrmField) -> CrmField:
        return super().add_field(CrmField(field.key, field.label, "text"))


class ForgetsFormerIds(LocalDoor):
    def load_contact(self, contact_id: str, fields: Sequence[str]) -> WireRecord:
        found = super().load_contact(contact_id, fields)
        if found["$id"] != contact_id:
            raise NotFound("there is no such contact")
        return found


class TellsOfTheLastMergeOnly(LocalDoor):
    def all_contacts(self, fields: Sequence[str], since: datetime | None = None) -> Iterator[pa.RecordBatch]:
        for page in super().all_contacts(fields, since):
            rows = [{**row, "$former": row["$former"][:1]} if "$former" in row else row for row in page.to_pylist()]
            yield pa.RecordBatch.from_pylist(rows, schema=page.schema)


def subject(door: Callable[[LocalCrm], LocalDoor], tmp_path: Path, quirks: Quirks) -> Subject:
    return Subject(
        open=lambda _fault: door(LocalCrm(tmp_path / "crm.db", CLOCK, quirks=quirks)),
        traces=lambda: sorted(p.name for p in tmp_path.iterdir()),
        merge=LocalCrm(tmp_path / "crm.db", CLOCK).merge,
    )


def broken(door: Callable[[LocalCrm], LocalDoor], tmp_path: Path, words: str = "") -> list[str]:
    """Sentences of the promises about `words` that this door breaks."""
    found = []
    for promise in PROMISES:
        if words not in promise.sentence:
            continue
        folder = tmp_path / str(promise.number)
        folder.mkdir(parents=True)
        try:
            promise.check(subject(door, folder, Quirks()))
        except (AssertionError, AdapterError):
            found.append(promise.sentence)
    return found


NEED_FAULTS = {
    p.sentence for p in PROMISES if "lost" in p.sentence or "too many" in p.sentence or "nobody there" in p.sentence
}


@pytest.mark.parametrize(
    ("door", "words"),
    [
        (MakesOnConnect, "create nothing"),
        (FindsOnlyLowerCase, "in any case"),
        (ForgetsOtherFields, "leaves every other field alone"),
        (ReplacesTags, "leaves the other tags alone"),
        (TakesDuplicates, "is a duplicate and changes nothing"),
        (QuotesValues, "is a duplicate and changes nothing"),
        (ChainsForeignErrors, "not found by any call"),
        (DropsTheLastItem, "two batches and one item"),
        (StopsAtTheFirstError, "does not stop the others"),
        (RepeatsAPage, "exactly once"),
        (ReplacesOptions, "options that are added"),
        (LosesAccents, "survives the wire"),
        (IgnoresUnknownFields, "a field that is not there"),
        (SeesNobodyMissing, "not found by any call"),
        (MakesEverythingText, "as it was asked for"),
        (ForgetsFormerIds, "a former id"),
        (TellsOfTheLastMergeOnly, "names every contact"),
    ],
)
def test_a_broken_adapter_is_noticed(door: Callable[[LocalCrm], LocalDoor], words: str, tmp_path: Path) -> None:
    assert len(broken(door, tmp_path, words)) == 1
    assert broken(LocalDoor, tmp_path / "sound", words) == []


def test_a_crm_without_the_faults_breaks_only_the_promises_about_them(tmp_path: Path) -> None:
    """Where a fault never strikes, the promise about it must not pass by doing nothing."""
    assert set(broken(LocalDoor, tmp_path)) == NEED_FAULTS
    assert len(NEED_FAULTS) == 3


def test_promises_are_numbered_and_each_has_a_sentence_of_its_own() -> None:
    assert [p.number for p in PROMISES] == list(range(1, len(PROMISES) + 1))
    assert len({p.sentence for p in PROMISES}) == len(PROMISES)


def test_a_promise_is_skipped_only_with_the_declared_reason(tmp_path: Path) -> None:
    class CannotRename(LocalDoor):
        def __init__(self, crm: LocalCrm) -> None:
            super().__init__(crm)
            has = self.capabilities
            can = frozenset(a for a in has.can if a.value != "rename_tag")
            self.capabilities = type(has)(
                can, dict.fromkeys(has.can - can, "tags have no names"), has.wires, has.holds, has.endpoints, has.rate
            )

    def outcome(promise: Promise) -> str:
        try:
            promise.check(subject(CannotRename, tmp_path / str(promise.number), Quirks()))
        except SkipTest as reason:
            return str(reason)
        return "kept"

    rename = next(p for p in PROMISES if p.sentence.startswith("a renamed tag"))
    assert outcome(rename) == "tags have no names"
