"""Signs of who is who, joined: a column with the contact's id, remembered links, ids that contacts hold."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from reconciler.model.addresses import person_digest
from reconciler.model.desired import Gone
from reconciler.tables.aside import Aside
from reconciler.tables.engine import Engine
from reconciler.tables.pairing import Paired, Pairing
from reconciler.tables.remembered import Before, RememberedPeople
from reconciler.tables.signs import Signs

KEY = bytes(range(32))
ALL = Signs(link=True, stored=True)


@pytest.fixture(params=[1_000_000, 1], ids=["at once", "in parts"])
def engine(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Engine]:
    engine = Engine(tmp_path, "200MB", at_once=request.param)
    yield engine
    engine.close()


def paired(engine: Engine, case: Mapping[str, Any], signs: Signs = ALL) -> tuple[Paired, dict[str, str]]:
    """`people`: id, e-mail, contact of the column. `contacts`: id, e-mail, id of a person. `links`, `former`,
    `bystanders` as the names say. What came of it, and the links that are kept."""
    pairing = Pairing(engine, KEY, ["f0"], [], signs=signs)
    people, contacts = case["people"], case["contacts"]
    n, m = len(people), len(contacts)
    ours = {
        "ord": pa.array(range(n), pa.int64()),
        "person": pa.array([p[0] for p in people], pa.string()),
        "match": pa.array([p[1] for p in people], pa.string()),
        "link": pa.array([p[2] for p in people], pa.string()),
        "stored": pa.array([p[0] for p in people], pa.string()),
        "f0": pa.array(["v"] * n, pa.string()),
        **{name: pa.array([name != "unsure"] * n, pa.bool_()) for name in ("may", "asked", "unsure")},
        "tagset": pa.array([0] * n, pa.int64()),
    }
    pairing.add_ours(pa.RecordBatch.from_pydict(ours))
    pairing.add_bystanders(pa.record_batch({"stored": pa.array(case.get("bystanders", []), pa.string())}))
    theirs = {
        "n": pa.array(range(m), pa.int64()),
        "match": pa.array([c[1] for c in contacts], pa.string()),
        "stored": pa.array([c[2] for c in contacts], pa.string()),
        "f0": pa.array(["v"] * m, pa.string()),
    }
    keys = pairing.keys_of_theirs(pa.RecordBatch.from_pydict(theirs))
    found = {name: keys.column(name) for name in keys.schema.names}
    ids = pa.array([c[0] for c in contacts], pa.string())
    idx, tagset = pa.array(range(m), pa.int64()), pa.array([0] * m, pa.int64())
    pairing.add_theirs(pa.RecordBatch.from_pydict({"idx": idx, "id": ids, **found, "tagset": tagset}))
    links = case.get("links", {})
    created = [(person_digest(KEY, person), contact) for person, contact in links.items()]
    known = RememberedPeople(engine, Before(created=created), [])
    pairing.add_former(case.get("former", {}))
    made = pairing.pair()
    known.write(engine.workdir / "people.parquet", whole=False, links=pairing.links)
    names = {int.from_bytes(person_digest(KEY, p), "little"): p for p in {*(q[0] for q in people), *links} if p}
    rows = pq.read_table(engine.workdir / "people.parquet").to_pylist()
    return made, {names[row["person_high"] << 64 | row["person_low"]]: row["contact"] for row in rows}


CASES: dict[str, tuple[dict[str, Any], dict[str, str], dict[Aside, tuple[int, ...]]]] = {
    "the column before the link before the stored id before the e-mail": (
        {
            "people": [("1", "d@x", "A"), ("2", "d@x2", None), ("3", "d@x3", None), ("4", "e@x", None)],
            "contacts": [
                ("A", "a@x", None),
                ("B", "b@x", "1"),
                ("C", "c@x", "2"),
                ("D", "y@x", "3"),
                ("E", "e@x", None),
            ],
            "links": {"1": "B", "2": "B"},
        },
        {"1": "A", "2": "B", "3": "D", "4": "E"},
        {},
    ),
    "a contact belongs to the stronger sign": (
        {
            "people": [("1", "a@x", "A"), ("2", "b@x", None), ("3", "c@x", None)],
            "contacts": [("A", "z@x", "3")],
            "links": {"2": "A"},
        },
        {"1": "A", "2": "A"},
        {Aside.GIVEN_AWAY: (2, 3)},
    ),
    "ids that two contacts hold": (
        {"people": [("1", "a@x", None)], "contacts": [("A", "a@x", "1"), ("B", "b@x", "1")]},
        {},
        {Aside.MANY_STORED: (1,)},
    ),
    "somebody out of scope": (
        {"people": [("1", "a@x", None)], "contacts": [("A", "a@x", "9")], "bystanders": ["9"]},
        {},
        {Aside.TAKEN: (1,)},
    ),
    "nobody has the id that the contact holds": (
        {"people": [("1", "a@x", None)], "contacts": [("A", "a@x", "9")]},
        {"1": "A"},
        {},
    ),
    "a merge, and who left the source": (
        {
            "people": [("1", "a@x", None), ("2", "b@x", "C")],
            "contacts": [("B", "z@x", None), ("D", "y@x", None)],
            "links": {"1": "A", "gone": "A"},
            "former": {"A": "B", "C": "D", "B": "D"},
        },
        {"1": "B", "2": "D", "gone": "B"},
        {},
    ),
    "an id of the column that is dead": (
        {"people": [("1", "a@x", "Z")], "contacts": [("A", "a@x", None)], "links": {"1": "A"}},
        {"1": "A"},
        {Aside.GONE: (1,)},
    ),
}


@pytest.mark.parametrize(("case", "links", "aside"), CASES.values(), ids=CASES)
def test_signs_lead_in_their_order(
    engine: Engine, case: Mapping[str, Any], links: Mapping[str, str], aside: Mapping[Aside, tuple[int, ...]]
) -> None:
    made, kept = paired(engine, case)
    assert {reason: rows for reason, (_, rows) in made.aside.items()} == aside
    people = {p[0] for p in case["people"]}
    set_aside = {case["people"][row - 1][0] for rows in aside.values() for row in rows}
    assert made.pairs == len(people - set_aside)
    assert kept == links


@pytest.mark.parametrize(
    ("gone", "creates", "no_contact", "parted"),
    [(Gone.REPORT, 0, 0, 0), (Gone.UNLINK, 0, 1, 1), (Gone.RECREATE, 1, 0, 0)],
)
def test_who_was_linked_to_a_contact_that_is_gone(
    engine: Engine, gone: Gone, creates: int, no_contact: int, parted: int
) -> None:
    case = {
        "people": [("1", "a@x", None), ("2", "b@x", None)],
        "contacts": [("B", "b@x", None)],
        "links": {"1": "Z", "2": "Y"},
    }
    made, kept = paired(engine, case, Signs(gone=gone))
    assert (made.creates, made.no_contact, made.parted[0]) == (creates, no_contact, parted)
    assert kept == {"1": "Z", "2": "Y" if gone is Gone.REPORT else "B"}
