from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from reconciler.model.addresses import person_digest
from reconciler.tables.aside import Aside
from reconciler.tables.engine import Engine
from reconciler.tables.pairing import Paired, Pairing
from reconciler.tables.remembered import Before, RememberedPeople
from reconciler.tables.settled import Settled

KEY = bytes(range(32))


@pytest.fixture(params=[1_000_000, 1], ids=["at once", "in parts"])
def engine(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Engine]:
    engine = Engine(tmp_path, "200MB", at_once=request.param)
    yield engine
    engine.close()


class Fed(NamedTuple):
    pairing: Pairing
    known: RememberedPeople

    def pair(self) -> Paired:
        return self.pairing.pair()


def feed(
    engine: Engine,
    people: list[tuple[str | None, str | None, str]],
    contacts: list[tuple[str, str | None, str]],
    links: dict[str, str] | None = None,
    may: bool = True,
) -> Fed:
    """People are (id, e-mail, cell), contacts are (id, e-mail, cell), links go from person to contact."""
    pairing = Pairing(engine, KEY, ["f0"], [])
    n = len(people)
    columns = {
        "ord": pa.array(range(n), pa.int64()),
        "person": pa.array([p[0] for p in people], pa.string()),
        "match": pa.array([p[1] for p in people], pa.string()),
        "f0": pa.array([p[2] for p in people], pa.string()),
        "may": pa.array([may] * n, pa.bool_()),
        "asked": pa.array([True] * n, pa.bool_()),
        "tagset": pa.array([0] * n, pa.int64()),
        "unsure": pa.array([False] * n, pa.bool_()),
    }
    pairing.add_ours(pa.RecordBatch.from_pydict(columns))
    m = len(contacts)
    theirs = {
        "n": pa.array(range(m), pa.int64()),
        "match": pa.array([c[1] for c in contacts], pa.string()),
        "f0": pa.array([c[2] for c in contacts], pa.string()),
    }
    keys = pairing.keys_of_theirs(pa.RecordBatch.from_pydict(theirs))
    found = {
        "idx": pa.array(range(m), pa.int64()),
        "id": pa.array([c[0] for c in contacts], pa.string()),
        **{name: keys.column(name) for name in keys.schema.names},
        "tagset": pa.array([0] * m, pa.int64()),
    }
    pairing.add_theirs(pa.RecordBatch.from_pydict(found))
    created = [(person_digest(KEY, p), c) for p, c in (links or {}).items()]
    return Fed(pairing, RememberedPeople(engine, Before(created=created), []))


def open_rows(engine: Engine, fed: Fed) -> list[dict[str, object]]:
    """Everybody whose whole row is needed, where nothing was settled before."""
    Settled(engine, None).recognise()
    hashes = ("contact", "ours", "theirs")
    opened = fed.pairing.open(2, fed.known)
    rows = [row for part in range(opened.parts) for row in opened.part(part).to_pylist()]
    places = [(row["idx"], place) for place, row in enumerate(rows) if row["idx"] is not None]
    found = [(row["idx"], row["place"]) for batch in opened.contacts(2) for row in batch.to_pylist()]
    assert found == sorted(places)
    return [{k: v for k, v in row.items() if k not in hashes} for row in rows]


def aside(paired: Paired) -> dict[Aside, tuple[int, ...]]:
    return {reason: rows for reason, (_, rows) in paired.aside.items()}


def test_people_are_paired_by_e_mail_and_the_rest_is_created(engine: Engine) -> None:
    pairing = feed(
        engine, [("1", "a@x", "v"), ("2", "b@x", "v"), ("3", "c@x", "v")], [("9", "a@x", "v"), ("8", "b@x", "w")]
    )
    paired = pairing.pair()
    assert (paired.pairs, paired.settled, paired.creates, paired.no_contact) == (2, 1, 1, 0)
    assert open_rows(engine, pairing) == [
        {"ord": 1, "idx": 1, "taken": False, "tags_same": True, "rank": 0, "unmoved": False, "agreed": None},
        {"ord": 2, "idx": None, "taken": False, "tags_same": False, "rank": 0, "unmoved": False, "agreed": None},
    ]


def test_a_link_wins_over_the_e_mail(engine: Engine) -> None:
    pairing = feed(engine, [("1", "new@x", "v")], [("9", "old@x", "v"), ("8", "other@x", "v")], {"1": "9"})
    paired = pairing.pair()
    assert (paired.pairs, paired.creates) == (1, 0)


def test_a_new_address_that_another_contact_has_is_marked(engine: Engine) -> None:
    pairing = feed(engine, [("1", "b@x", "v")], [("9", "a@x", "w"), ("8", "b@x", "w")], {"1": "9"})
    pairing.pair()
    assert open_rows(engine, pairing) == [
        {"ord": 0, "idx": 0, "taken": True, "tags_same": True, "rank": 0, "unmoved": False, "agreed": None}
    ]


@pytest.mark.parametrize(
    ("people", "contacts", "links", "expected"),
    [
        ([(None, "a@x", "v")], [], {}, {Aside.NO_PERSON: (1,)}),
        ([("1", "a@x", "v"), ("1", "b@x", "v")], [], {}, {Aside.SAME_PERSON: (1, 2)}),
        ([("1", "a@x", "v"), ("2", "a@x", "v")], [("9", "a@x", "v")], {}, {Aside.SAME_MATCH: (1, 2)}),
        ([("1", "a@x", "v")], [("9", "a@x", "v"), ("8", "a@x", "v")], {}, {Aside.MANY_CONTACTS: (1,)}),
        (
            [("1", "a@x", "v"), ("2", "b@x", "v")],
            [("9", "a@x", "v")],
            {"1": "9", "2": "9"},
            {Aside.SHARED_CONTACT: (1, 2)},
        ),
        ([("1", "a@x", "v")], [], {"1": "9"}, {Aside.GONE: (1,)}),
        ([("1", "z@x", "v"), ("2", "a@x", "v")], [("9", "a@x", "v")], {"1": "9"}, {Aside.TAKEN: (2,)}),
        ([("1", None, "v")], [], {}, {Aside.NO_MATCH: (1,)}),
    ],
)
def test_who_is_ambiguous_is_set_aside(
    engine: Engine,
    people: list[tuple[str | None, str | None, str]],
    contacts: list[tuple[str, str | None, str]],
    links: dict[str, str],
    expected: dict[Aside, tuple[int, ...]],
) -> None:
    assert aside(feed(engine, people, contacts, links).pair()) == expected


def test_who_may_not_be_created_is_counted(engine: Engine) -> None:
    paired = feed(engine, [("1", "a@x", "v")], [], may=False).pair()
    assert (paired.creates, paired.no_contact) == (0, 1)


def test_links_written_are_read_again_as_the_same_people(engine: Engine, tmp_path: Path) -> None:
    pairing = feed(
        engine, [("1", "a@x", "v"), ("é", "b@x", "v")], [("9", "a@x", "v"), ("8", "b@x", "v")], {"gone": "7"}
    )
    pairing.pair()
    pairing.known.write(tmp_path / "people.parquet", whole=False)
    table = pq.read_table(tmp_path / "people.parquet")
    digests = {person: int.from_bytes(person_digest(KEY, person), "little") for person in ("1", "é", "gone")}
    columns = (table[name].to_pylist() for name in ("person_high", "person_low", "contact"))
    kept = {(high << 64 | low): contact for high, low, contact in zip(*columns, strict=True)}
    assert kept == {digests["1"]: "9", digests["é"]: "8", digests["gone"]: "7"}
