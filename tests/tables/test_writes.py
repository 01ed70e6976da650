"""The file of what a run wrote: readable to wherever it was cut, and to nobody without the secret."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from reconciler.tables.spool import SALT_BYTES, Damaged, Seal
from reconciler.tables.writes import INTENTS, OUTCOMES, Kind, WritesFile, read_batches, read_facts

SECRET, SALT = b"s" * 32, b"n" * SALT_BYTES
FRAMES = 3


def intents(number: int) -> pa.RecordBatch:
    row = {
        "person": bytes([number]) * 16,
        "contact": f"c{number}",
        "name": "canary",
        "act": 1,
        "cause": 0,
        "before": 0,
        "after": number,
    }
    return pa.RecordBatch.from_pylist([row, row], schema=INTENTS)


def outcome(number: int) -> pa.RecordBatch:
    row = {"first": number * 2, "count": 2, "ending": 1, "contact": None, "stored": None, "code": None, "at": 9}
    return pa.RecordBatch.from_pylist([row], schema=OUTCOMES)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = WritesFile(tmp_path / "a.writes", Seal(SECRET, SALT))
    file.facts(b"told")
    for number in range(FRAMES):
        file.append(Kind.INTENTS, intents(number))
        file.append(Kind.OUTCOMES, outcome(number))
    file.close()
    return tmp_path / "a.writes"


def test_what_was_written_is_read_again(path: Path) -> None:
    assert read_facts(path, SECRET) == b"told"
    assert list(read_batches(path, SECRET, Kind.INTENTS)) == [intents(number) for number in range(FRAMES)]
    assert list(read_batches(path, SECRET, Kind.OUTCOMES)) == [outcome(number) for number in range(FRAMES)]


def test_nothing_is_there_in_the_clear_and_nothing_opens_without_the_secret(path: Path) -> None:
    assert b"canary" not in path.read_bytes()
    assert b"told" not in path.read_bytes()
    with pytest.raises(Damaged):
        read_facts(path, b"t" * 32)


def test_a_file_is_readable_up_to_wherever_it_was_cut(path: Path) -> None:
    whole = path.read_bytes()
    seen = set()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        try:
            found = list(read_batches(path, SECRET, Kind.INTENTS))
        except Damaged:  # not even the salt is there
            assert length < 4 + SALT_BYTES
            continue
        assert found == [intents(number) for number in range(len(found))]
        seen.add(len(found))
    assert seen == {0, 1, 2, 3}


def test_a_changed_byte_is_noticed(path: Path) -> None:
    whole = path.read_bytes()
    for at in range(4 + SALT_BYTES + 4, len(whole), 7):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        try:
            found = [frame for kind in (Kind.INTENTS, Kind.OUTCOMES) for frame in read_batches(path, SECRET, kind)]
        except Damaged:
            continue
        assert len(found) < 2 * FRAMES  # a length that was changed reads as a cut
