from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from reconciler.model.addresses import person_digest
from reconciler.tables.engine import Engine
from reconciler.tables.pairing import Pairing
from reconciler.tables.remembered import Before, RememberedPeople
from reconciler.tables.signs import NO_SIGNS, Signs

KEY = bytes(range(32))


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = Engine(tmp_path, "200MB")
    yield engine
    engine.close()


def led(
    engine: Engine,
    begun: list[tuple[str, str]],
    contacts: list[tuple[str, str]],
    links: dict[str, str] | None = None,
    column: dict[str, str] | None = None,
    stored: dict[str, str] | None = None,
) -> dict[str, str]:
    """Where each person is led, all of whose addresses are new ones. `begun`: (person, address), the oldest first.
    `contacts`: (id, address). `column`: person -> contact that the source names; `stored`: contact -> person."""
    people = sorted({person for person, _ in begun} | set(links or {}) | set(column or {}))
    signs = Signs(link=True) if column else Signs(stored=True) if stored else NO_SIGNS
    pairing = Pairing(engine, KEY, ["f0"], [], signs=signs)
    of_people = {
        "ord": pa.array(range(len(people)), pa.int64()),
        "person": pa.array(people),
        "match": pa.array([f"new.{person}" for person in people]),
        "f0": pa.array([""] * len(people)),
        "tagset": pa.array([0] * len(people), pa.int64()),
        **{name: pa.array([True] * len(people)) for name in ("may", "asked")},
        "unsure": pa.array([False] * len(people)),
        "link": pa.array([(column or {}).get(person) for person in people], pa.string()),
        "stored": pa.array(people),
    }
    pairing.add_ours(pa.RecordBatch.from_pydict(of_people))
    of_contacts = {
        "n": pa.array(range(len(contacts)), pa.int64()),
        "match": pa.array([address for _, address in contacts]),
        "f0": pa.array([""] * len(contacts)),
        "stored": pa.array([(stored or {}).get(id) for id, _ in contacts], pa.string()),
    }
    keys = pairing.keys_of_theirs(pa.RecordBatch.from_pydict(of_contacts))
    found = {
        "idx": of_contacts["n"],
        "id": pa.array([id for id, _ in contacts]),
        **{name: keys.column(name) for name in keys.schema.names},
        "tagset": pa.array([0] * len(contacts), pa.int64()),
    }
    pairing.add_theirs(pa.RecordBatch.from_pydict(found))
    created = [(person_digest(KEY, person), contact) for person, contact in (links or {}).items()]
    digested = [(person_digest(KEY, person), address) for person, address in begun]
    RememberedPeople(engine, Before(created=created, begun=digested), [])
    pairing.pair()
    pairs = engine.rows("SELECT ord, id FROM pairs JOIN theirs USING (idx)")
    return {people[ord]: id for ord, id in pairs}


def test_who_was_begun_is_led_to_the_contact_with_the_address_of_then(engine: Engine) -> None:
    assert led(engine, [("a", "x"), ("b", "y")], [("c1", "y"), ("c2", "x"), ("c3", "z")]) == {"a": "c2", "b": "c1"}


def test_an_address_that_no_contact_has_leads_nowhere(engine: Engine) -> None:
    assert led(engine, [("a", "x")], [("c1", "y")]) == {}


def test_an_address_that_two_contacts_have_leads_nowhere(engine: Engine) -> None:
    assert led(engine, [("a", "x")], [("c1", "x"), ("c2", "x")]) == {}


def test_a_link_is_stronger(engine: Engine) -> None:
    assert led(engine, [("a", "x")], [("c1", "x"), ("c2", "y")], {"a": "c2"}) == {"a": "c2"}


def test_nobody_is_led_to_a_contact_that_somebody_else_is_linked_to(engine: Engine) -> None:
    assert led(engine, [("a", "x")], [("c1", "x")], {"b": "c1"}) == {"b": "c1"}


def test_of_two_who_were_begun_under_one_address_the_contact_is_the_last_ones(engine: Engine) -> None:
    assert led(engine, [("a", "x"), ("b", "x")], [("c1", "x")]) == {"b": "c1"}


def test_who_was_begun_twice_is_led_to_the_contact_that_there_is(engine: Engine) -> None:
    assert led(engine, [("a", "x"), ("a", "y")], [("c1", "x")]) == {"a": "c1"}


def test_who_was_begun_twice_and_created_twice_is_led_nowhere(engine: Engine) -> None:
    assert led(engine, [("a", "x"), ("a", "y")], [("c1", "x"), ("c2", "y")]) == {}


def test_a_contact_that_somebodys_column_names_is_theirs(engine: Engine) -> None:
    assert led(engine, [("a", "x")], [("c1", "x")], column={"b": "c1"}) == {"b": "c1"}


def test_a_contact_that_holds_somebodys_id_is_theirs(engine: Engine) -> None:
    contacts = [("c1", "x"), ("c2", "y")]
    assert led(engine, [("a", "x"), ("b", "y")], contacts, stored={"c1": "z"}) == {"b": "c2"}
