"""No personal value leaves the program: not in its output, its log, its state, its journal or its errors.

Every value of the fixture, on both sides, holds a canary; so does every person's id, which is an e-mail address here.
Only the CRM's file and the source may hold one. A tag that is made from a value has it in its name, so such names count
as values.
"""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from processes import NOW, Ended, reconciler

from reconciler.localcrm import LocalCrm
from reconciler.model.clock import Clock
from reconciler.model.inventory import CrmField, CrmOption
from reconciler.report.formats import FORMATS
from reconciler.runtime.caches import CacheFolder

WORD = "qzxkanari"
NUMBER = "91827364"
DAY = "1913-07-29"
CANARIES = (WORD, NUMBER, DAY, "29/07/1913", "19130729")

FILE = """\
version: 1
crm: {type: local, path: crm.db}
source: {type: csv, path: people.csv, types: {orders: integer}}
identity: {person: id, match: email}
fields:
  email: email
  first_name: name
  city: {from: city, empty: clear}
  note: {from: note, type: raw}
  phone: {from: phone, type: phone}
  spent: {from: spent, type: number}
  orders: {from: orders, type: integer}
  birthday: {from: born, type: date}
  seen: {from: seen, type: datetime}
  plan: {from: plan, type: select, options: {free: Free}}
  topics: {from: topics, type: multiselect}
  land: {from: land, type: country}
  computed: {value: 'upper(name) + string(int(note))'}
  held: {from: city, push: if_empty}
  score: {score: heat}
tags:
  Customer: {when: 'orders > 0'}
  Failing: {when: 'int(name) > 0'}
  Kept: {when: 'false'}
dynamic_tags:
  - {from: role, prefix: "Role: ", max_new: 1}
  - {from: broken_list, prefix: "List: "}
scores: {heat: [{when: 'int(city) > 0', points: 3}]}
contacts: {create: true, when: 'name != "x"'}
limits: {create: 1}
"""
CLEAN = """\
version: 1
crm: {type: local, path: crm.db}
source: {type: csv, path: people.csv}
identity: {person: id, match: email}
fields: {email: email, first_name: name, city: city, note: {from: note, type: raw}, held: {from: city, push: if_empty}}
tags: {Customer: {when: 'orders > "0"'}}
contacts: {create: true, when: 'name != "x"'}
"""
COLUMNS = [
    "id",
    "email",
    "name",
    "city",
    "note",
    "phone",
    "spent",
    "orders",
    "born",
    "seen",
    "plan",
    "topics",
    "land",
    "role",
    "broken_list",
]


def person(number: int, **other: str) -> str:
    """A row in which every value is or holds a canary; `other` replaces some."""
    row = {
        "id": f"{WORD}.id{number}@example.org",
        "email": f"{WORD}.mail{number}@example.org",
        "name": f"Name {WORD} {number}",
        "city": f"City {WORD}",
        "note": f"note {WORD}",
        "phone": f"030 {NUMBER}",
        "spent": f"{NUMBER}.5",
        "orders": f"{NUMBER}",
        "born": DAY,
        "seen": f"{DAY} 10:00:00",
        "plan": f"{WORD}-plan",
        "topics": f"{WORD}-a,{WORD}-b",
        "land": f"{WORD}land",
        "role": f"{WORD}-role{number}",
        "broken_list": f'a:1:{{s:99:"{WORD}";b:1;}}',
        **other,
    }
    return ",".join('"' + row[column].replace('"', '""') + '"' for column in COLUMNS) + "\n"


ROWS = [
    *(person(n) for n in range(6)),
    person(6, email=f"{WORD} is no address"),
    person(7, email=f"{WORD}.mail3@example.org"),
    person(2, name=f"{WORD} again"),
    person(8, email=""),
    person(9, city="", note="", spent=f"1,{NUMBER}", born="29/07/1913", seen="19130729", orders=f"{NUMBER}.{WORD}"),
    person(10, phone=f"call {WORD}", id=""),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The file, the source, and a CRM in which the same people have other canaries."""
    (tmp_path / "reconciler.yaml").write_text(FILE)
    write(tmp_path, ROWS)
    fields = [
        CrmField("city", "City", "text"),
        CrmField("held", "Held", "text"),
        CrmField("note", "Note", "text"),
        CrmField("land", "Land", "country"),
        CrmField("birthday", "Birthday", "date"),
        CrmField("plan", "Plan", "select", (CrmOption("free", "Free"),)),
        CrmField("score", "Score", "select", (CrmOption("free", "Free"),)),
    ]
    there = [
        {
            "email": f"{WORD}.mail{n}@example.org",
            "first_name": f"Theirs {WORD}",
            "city": f"Theirs {WORD}",
            "held": f"Theirs {WORD}",
            "note": f"Theirs {WORD}",
            "land": f"Theirs {WORD}",
            "birthday": f"{WORD} 1913",
            "phone": f"+49 {NUMBER}",
            "$tags": ["Kept"],
        }
        for n in (0, 1, 4, 9, 40)
    ]
    with closing(LocalCrm(tmp_path / "crm.db", Clock.fixed(datetime(2026, 1, 1, tzinfo=UTC)))) as crm:
        crm.seed(fields, ["Kept"], there)
    return tmp_path


def write(folder: Path, rows: list[str]) -> None:
    (folder / "people.csv").write_text(",".join(COLUMNS) + "\n" + "".join(rows))


def canaries(text: str | bytes) -> list[str]:
    """Those that the text holds, in any case."""
    data = (text if isinstance(text, bytes) else text.encode()).lower()
    return [canary for canary in CANARIES if canary.encode() in data or canary.encode("utf-16-le") in data]


def quiet(folder: Path, ended: Ended) -> Ended:
    """Nothing that was printed, and no file that the program keeps, holds a canary."""
    assert canaries(ended.out) == [], ended.out
    assert canaries(ended.err) == [], ended.err
    ours = {"crm.db", "crm.db-wal", "crm.db-shm", "people.csv", "reconciler.yaml"}
    for file in folder.rglob("*"):
        if file.is_file() and file.name not in ours:
            assert canaries(file.read_bytes()) == [], file
    return ended


ALLOWED = [part for limit in ("create=99", "clear=99", "tag_people=99") for part in ("--allow", limit)]


@pytest.mark.parametrize("verbose", [(), ("-v",), ("-vv",)], ids=["plainly", "-v", "-vv"])
@pytest.mark.parametrize("format", ["text", "json"])
def test_no_command_lets_a_value_out(folder: Path, format: str, verbose: tuple[str, ...]) -> None:
    as_asked = (*verbose, "--now", NOW, "--format", format)
    assert quiet(folder, reconciler(folder, "validate", *verbose)).code == 0
    planned = quiet(folder, reconciler(folder, "plan", *as_asked))
    assert planned.code == 0
    assert "R204" in planned.out
    assert "R205" in planned.out
    assert quiet(folder, reconciler(folder, "apply", "--auto-approve", *as_asked)).code == 3
    assert quiet(folder, reconciler(folder, "plan", "--person", f"{WORD}.id0@example.org", *as_asked)).code == 0
    assert quiet(folder, reconciler(folder, "plan", "--person", f"{WORD}@nobody.example", *as_asked)).code in (0, 1)
    applied = quiet(folder, reconciler(folder, "apply", "--auto-approve", *ALLOWED, *as_asked))
    assert applied.code == 0, applied.out + applied.err
    assert quiet(folder, reconciler(folder, "plan", *as_asked)).code == 0
    assert quiet(folder, reconciler(folder, "status", *verbose)).code == 0
    for shown in ((), ("last",), ("--list",)):
        assert quiet(folder, reconciler(folder, "show", *shown, *verbose, "--format", format)).code == 0
    assert quiet(folder, reconciler(folder, "doctor", *verbose, "--format", format)).code == 0
    assert WORD in (folder / "crm.db").read_bytes().decode(errors="replace") + wal(folder)


def test_no_report_lets_a_value_out(folder: Path) -> None:
    """Every format at once, of a plan, of a refused apply, of one that writes, and of what is kept."""
    reports = [f"--report={name}=out{row.suffix}" for name, row in FORMATS.items()]
    step = {"GITHUB_OUTPUT": str(folder / "step.txt"), "GITHUB_STEP_SUMMARY": str(folder / "step.md")}
    for arguments, code in (
        (("plan",), 0),
        (("apply", "--auto-approve"), 3),
        (("apply", "--auto-approve", *ALLOWED), 0),
        (("plan",), 0),
        (("show", "last"), 0),
        (("drift",), 0),
    ):
        now = ("--now", NOW) if arguments[0] in ("plan", "apply") else ()
        ended = quiet(folder, reconciler(folder, *arguments, *now, *reports, "--report=github", env=step))
        assert ended.code == code, ended.err
    assert "R204" in (folder / "step.md").read_text()
    assert {f"out{row.suffix}" for row in FORMATS.values()} <= {file.name for file in folder.iterdir()}


@pytest.mark.parametrize("format", ["text", "json"])
def test_history_why_and_undo_let_no_value_out(folder: Path, format: str) -> None:
    """Nor do the values from before, which are kept here. Whoever carries them is asked for by an id that is one."""
    form, who = ("--format", format), f"{WORD}.id0@example.org"
    applied = quiet(folder, reconciler(folder, "apply", "--auto-approve", "--keep-undo", *ALLOWED, "--now", NOW, *form))
    assert applied.code == 0, applied.out + applied.err
    assert len(list(folder.rglob("writes/*.before"))) == 1
    for asked in (("history",), ("history", who), ("history", "--person", f"{WORD}@nobody.example")):
        assert quiet(folder, reconciler(folder, *asked, *form)).code == 0
    for name in ("city", "note", "birthday", "plan", "computed", "tag:Customer", "tag:Kept", f"tag:Role: {WORD}-role0"):
        for more in ((), ("--offline",)):
            assert quiet(folder, reconciler(folder, "why", who, name, *more, *form)).code == 0
    for asked in ((who, f"tag:{WORD}"), (who, "citty"), (f"{WORD}@nobody.example", "city")):
        assert quiet(folder, reconciler(folder, "why", *asked, *form)).code == 1
    undone = ("undo", "last", "--auto-approve", "--clear-created", *ALLOWED, "--allow", "untag_percent=100")
    ended = quiet(folder, reconciler(folder, *undone, *form))
    assert ended.code == 0, ended.out + ended.err
    assert quiet(folder, reconciler(folder, "undo", "last", "--auto-approve", *form)).code in (0, 3, 6)
    assert quiet(folder, reconciler(folder, "show", "last", *form)).code == 0


def test_no_cache_holds_a_value_even_when_it_is_unpacked(folder: Path) -> None:
    """The snapshot alone does, to whoever has the key. The file is one with which a row has no finding."""
    (folder / "reconciler.yaml").write_text(CLEAN)
    quiet(folder, reconciler(folder, "plan", "--now", NOW))
    quiet(folder, reconciler(folder, "apply", "--auto-approve", *ALLOWED, "--now", NOW))
    quiet(folder, reconciler(folder, "plan", "--now", NOW))
    assert "incremental" in quiet(folder, reconciler(folder, "plan", "--now", NOW)).out
    (caches,) = folder.glob(".reconciler/*/accounts/*/caches")
    kept = CacheFolder(caches, (folder / ".reconciler" / "reconciler" / "key").read_bytes(), str).load()
    assert kept is not None
    assert kept.snapshot is not None
    for file in (kept.caches.memo, kept.caches.settled):
        assert file is not None
        assert pq.read_metadata(file).num_rows > 0
        assert canaries(str(pq.read_table(file).to_pylist())) == []
    for piece in kept.snapshot.pieces:
        assert piece.keys is not None
        assert canaries(str([batch.to_pylist() for batch in piece.keys.batches()])) == []
        assert canaries(str([batch.to_pylist() for batch in piece.contacts.batches()])) != []


def wal(folder: Path) -> str:
    file = folder / "crm.db-wal"
    return file.read_bytes().decode(errors="replace") if file.exists() else ""


@pytest.mark.parametrize("format", ["text", "json"])
@pytest.mark.parametrize(
    "broken",
    [
        f'"{WORD}",{WORD}\n',
        person(20)[:-1] + f",{WORD}\n",
        f'"{WORD}\n',
        f'x{WORD}"{WORD}","{WORD}"{WORD}\n',
    ],
    ids=["too few cells", "too many cells", "an open quote", "stray quotes"],
)
def test_a_broken_row_is_not_quoted(folder: Path, broken: str, format: str) -> None:
    write(folder, [*ROWS[:4], broken, *ROWS[4:]])
    ended = quiet(folder, reconciler(folder, "plan", "--now", NOW, "--format", format, "-vv"))
    assert ended.code == 1


def test_a_broken_byte_is_not_quoted(folder: Path) -> None:
    (folder / "people.csv").write_bytes((",".join(COLUMNS) + "\n" + ROWS[0]).encode() + WORD.encode() + b"\xff\xfe\n")
    assert quiet(folder, reconciler(folder, "plan", "-vv")).code == 1


@pytest.mark.parametrize(
    "quirks", ["refused_items: [1, 2]", "lost_answers: [6, 7, 8]", "vanishing: [1, 2]", "rewrites: {'*': upper}"]
)
def test_a_crm_that_misbehaves_lets_no_value_out(folder: Path, quirks: str) -> None:
    (folder / "reconciler.yaml").write_text(FILE.replace("path: crm.db", f"path: crm.db, quirks: {{{quirks}}}"))
    ended = quiet(folder, reconciler(folder, "-vv", "apply", "--auto-approve", *ALLOWED, "--now", NOW))
    assert ended.code in (0, 6), ended.err
    quiet(folder, reconciler(folder, "-vv", "plan", "--now", NOW, "--format", "json"))


@pytest.mark.parametrize("entry", [f"token: {WORD}", f"quirks: {WORD}", f"path: [{WORD}]", f"calls_per_second: {WORD}"])
def test_a_wrong_option_of_the_crm_is_not_quoted(folder: Path, entry: str) -> None:
    (folder / "reconciler.yaml").write_text(FILE.replace("path: crm.db", f"path: crm.db, {entry}"))
    for format in ("text", "json"):
        assert quiet(folder, reconciler(folder, "plan", "-vv", "--format", format)).code == 1


def test_values_are_shown_to_somebody_at_a_terminal_alone(folder: Path) -> None:
    assert quiet(folder, reconciler(folder, "plan", "--show-values", "--now", NOW)).code == 1
    assert quiet(folder, reconciler(folder, "plan", "--show-values", "--now", NOW, env={"CI": "1"})).code == 1


@pytest.mark.parametrize("format", ["text", "json"])
def test_a_tag_made_from_a_value_is_never_named(folder: Path, format: str) -> None:
    (folder / "reconciler.yaml").write_text(FILE.replace("max_new: 1", "max_new: 20"))
    as_asked = ("-v", "--now", NOW, "--format", format)
    planned = quiet(folder, reconciler(folder, "plan", *as_asked))
    assert "Role: *" in planned.out
    applied = quiet(folder, reconciler(folder, "apply", "--auto-approve", *ALLOWED, *as_asked))
    assert applied.code == 0, applied.out + applied.err
    write(folder, [row.replace(WORD, "other") for row in ROWS])
    assert "Role: *" in quiet(folder, reconciler(folder, "plan", *as_asked)).out
    quiet(folder, reconciler(folder, "plan", "--target", 'tag["Role*"]', *as_asked))
    assert WORD in (folder / "crm.db").read_bytes().decode(errors="replace") + wal(folder)


FIRST_HOUR = (
    ("discover", "--source", "people.csv"),
    ("discover", "--source", "people.csv", "--format", "json"),
    ("discover", "--source", "people.csv", "--crm", "local:crm.db", "--yaml"),
    ("discover",),
    ("import", "--crm", "local:crm.db", "--source", "people.csv", "--person", "id"),
    ("import", "--crm", "local:crm.db"),
    ("import",),
    ("init", "-f", "new.yaml", "--crm", "local:crm.db", "--source", "people.csv", "--person", "id"),
)


@pytest.mark.parametrize("arguments", FIRST_HOUR, ids=" ".join)
def test_the_first_hour_lets_no_value_out(folder: Path, arguments: tuple[str, ...]) -> None:
    write(folder, [*ROWS, *(person(n) for n in range(30, 60))])
    assert quiet(folder, reconciler(folder, *arguments, "-vv")).code == 0


def test_a_source_without_a_header_is_not_quoted(folder: Path) -> None:
    (folder / "people.csv").write_text("".join(ROWS[:4]))
    for arguments in (FIRST_HOUR[0], FIRST_HOUR[1], FIRST_HOUR[-1]):
        assert quiet(folder, reconciler(folder, *arguments, "-vv")).code in (0, 1)


@pytest.mark.parametrize("broken", [f'"{WORD}",{WORD}\n', f'"{WORD}\n'], ids=["too few cells", "an open quote"])
def test_a_broken_row_is_not_quoted_while_looking(folder: Path, broken: str) -> None:
    write(folder, [*ROWS[:4], broken])
    for arguments in (FIRST_HOUR[0], FIRST_HOUR[1], FIRST_HOUR[-1]):
        assert quiet(folder, reconciler(folder, *arguments, "-vv")).code in (0, 1)
