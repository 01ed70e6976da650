"""What the contract kit plays on: the CRM under test, with a few words for what every promise needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol, TypeVar

from reconciler.adapters.codecs import wire_text
from reconciler.adapters.crm import FORMER, ID, TAGS, Batches, Crm, ReadsAll, WritesFields, WritesTags
from reconciler.adapters.errors import AdapterError
from reconciler.model.capabilities import Json, Wire
from reconciler.model.inventory import CrmField, CrmOption
from reconciler.testing.samples import CANARY, CHOICES

Caught = TypeVar("Caught", bound=AdapterError)


class Fault(StrEnum):
    """What goes wrong in a CRM that is opened with it."""

    LOST_ANSWER = "the first writing call is carried out, and its answer never arrives"
    BUSY = "one of the first three calls is answered with: too many calls"
    DOWN = "the first call finds nobody there, as often as the door repeats it"


class AnyCrm(Crm, ReadsAll, WritesFields, WritesTags, Batches, Protocol):
    """A door with every ability; a promise only uses those that it says it needs."""


@dataclass(frozen=True, slots=True)
class Subject:
    """The CRM under test: a new, empty account for every promise.

    `open(fault)` opens that same account, again and again; with a fault, or None for a well-behaved one. `section`: the
    `crm` section of a file in `folder` that leads to the same account without a fault, as one line of YAML; "" where
    the adapter is not registered: then the law cannot be shown. `env`, `transport`: what the program is given to
    reach it. `secrets`: texts that no error may hold. `traces()`:
    whatever would differ if something had been made (files, rows), compared around `connect`. `merge(kept, lost)`: what
    somebody does to two contacts outside of the door; needed of a CRM that says it can `tell_merges`.
    """

    open: Callable[[Fault | None], Crm]
    section: str = ""
    folder: Path | None = None
    secrets: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    transport: object = None
    traces: Callable[[], object] = lambda: None
    merge: Callable[[str, str], None] | None = None


class Stage:
    """One promise's play. Everything written is made up, and holds the canary."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self._opened: list[Crm] = []
        self._required: tuple[str, ...] | None = None
        self.crm = self.opened()

    def opened(self, fault: Fault | None = None) -> AnyCrm:
        """The same account once more."""
        crm = self.subject.open(fault)
        self._opened.append(crm)
        return crm  # type: ignore[return-value] # which abilities it has is what `Promise.lacking` asks

    def close(self) -> None:
        for crm in self._opened:
            crm.close()

    @property
    def match(self) -> str:
        return self.crm.capabilities.match

    def wire(self, kind: str) -> Wire:
        return self.crm.capabilities.wires[kind]

    def address(self, number: int) -> str:
        return f"{CANARY.lower()}.{number}@example.org"

    def person(self, number: int, **more: Json) -> dict[str, Json]:
        """A record of a made-up person, with what no contact is made without; `more` by field key, encoded."""
        names = dict.fromkeys(self.required, self.text("name"))
        return {**names, self.match: self.wire("email").encode(self.address(number)), **more}

    @property
    def required(self) -> tuple[str, ...]:
        """Keys of the fields that no contact is made without, beside the e-mail: texts."""
        if self._required is None:
            fields = self.crm.sync_crm_fields()
            self._required = tuple(f.key for f in fields if f.required and f.key != self.match)
        return self._required

    def many(self, count: int) -> list[str]:
        """Ids of new contacts 1 to `count`."""
        return [self.crm.add_contact(self.person(number)) for number in range(1, count + 1)]

    def text_fields(self, count: int) -> list[str]:
        """Keys of fields of texts: existing ones, else new ones. What else a text may be kept in need not take any."""
        native = self.wire("text").native
        free = [
            f.key
            for f in self.crm.sync_crm_fields()
            if f.native == native and f.key != self.match and not (f.read_only or f.joined or f.options or f.required)
        ]
        while len(free) < count:
            free.append(self.new_field("text", len(free)))
        return free[:count]

    def new_field(self, kind: str, number: int = 0, group: str | None = None) -> str:
        """Key of a new field for that value type."""
        options = tuple(CrmOption(c, f"{c} (label)") for c in CHOICES) if kind in ("select", "multiselect") else ()
        key = f"kit_{kind}_{number}"
        return self.crm.add_field(CrmField(key, f"Kit {kind} {number}", self.wire(kind).native, options, group)).key

    def text(self, words: str) -> Json:
        """A text as this CRM wants it sent."""
        return self.wire("text").encode(f"{CANARY} {words}")

    def stored(self, contact: str, key: str, kind: str = "text") -> str | None:
        """What the contact holds, canonical."""
        text = self.crm.load_contact(contact, [key]).get(key)
        return self.decoded(kind, text)

    def decoded(self, kind: str, text: str | None) -> str | None:
        return self.wire(kind).decode(text) if text else None

    def tag(self, name: str) -> str:
        """Key of the tag of that name, made if there is none."""
        known = next((t for t in self.crm.sync_tags() if t.name == name), None)
        return (known or self.crm.add_tag(name)).key

    def page_rows(self, keys: Sequence[str]) -> dict[str, tuple[list[str], list[str | None]]]:
        """Contact id -> (tags, wire texts), from the pages, which have no contact twice and the promised columns."""
        rows: dict[str, tuple[list[str], list[str | None]]] = {}
        for page in self.crm.all_contacts(keys):
            names = [name for name in page.schema.names if name != FORMER]
            assert names == [ID, TAGS, *keys], "a page has $id, $tags and the fields, in that order"
            for row in page.to_pylist():
                assert row[ID] not in rows, "a contact came twice"
                rows[row[ID]] = (row[TAGS], [row[key] for key in keys])
        return rows

    def refused(self, kind: type[Caught], call: Callable[[], object]) -> Caught:
        """The error of that class that the call raises; it and what it chains hold no value and no secret."""
        try:
            call()
        except kind as error:
            self.check_silence(error)
            return error
        raise AssertionError(f"{kind.__name__} was promised")

    def check_silence(self, error: BaseException) -> None:
        """The error says nothing of what was sent, in any of its parts."""
        assert error.__cause__ is None, "an error of the door has no foreign cause"
        assert error.__context__ is None or error.__suppress_context__, "a foreign error is shown along with it"
        told = " ".join(map(str, (error, repr(error), *error.args, *vars(error).values()))).lower()
        for word in (CANARY, *self.subject.secrets):
            assert word.lower() not in told, "an error holds a value or a secret"


def as_stored(wire: Wire, canonical: str) -> str | None:
    """What a CRM that stores exactly what it is sent gives back."""
    text = wire_text(wire.encode(canonical))
    return wire.decode(text) if text else None
