"""kill -9 while a file is written, again and again: it is the old one or the new one, and the next writing goes on."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from edited import written

from reconciler.adapters.source import Edit, Wrote

KILLS = 8
WRITES = """
import sys
from pathlib import Path
from reconciler.adapters import registry
from reconciler.adapters.opening import Opening
from reconciler.adapters.source import Edit
from reconciler.model.clock import Clock
path, people = Path(sys.argv[1]), range(0, int(sys.argv[2]), 7)
adapter = registry.find(registry.SOURCE, path.suffix[1:])
source = adapter.open(adapter.Options(path=path.name, write=True), Opening(path.parent, Clock.system()))
now, then = sys.argv[3:]
print("ready", flush=True)
while True:
    edits = [Edit(str(n), {"v": (now, then)}) for n in people]
    source.write("id", edits, lambda column, meant, kept: meant == kept)
    now, then = then, now
"""
FORMS = {"csv": ("id,v,w\n", '{},{},"x\ny"\n'), "jsonl": ("", '{{"id": {}, "v": "{}", "w": "x"}}\n')}


def content(kind: str, people: int, value: str) -> str:
    header, form = FORMS[kind]
    return header + "".join(form.format(n, "same" if n % 7 else value) for n in range(people))


@pytest.mark.parametrize("people", [20, 20_000])
@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_a_killed_writing_leaves_the_old_file_or_the_new_one(kind: str, people: int, tmp_path: Path) -> None:
    path = tmp_path / f"people.{kind}"
    contents = {content(kind, people, value): value for value in ("a", "bbb")}
    path.write_text(content(kind, people, "a"))
    begun = time.monotonic()
    assert written(path, Edit("0", {"v": ("a", "a")}), Edit("7", {"v": ("a", "c")})) == [Wrote.DONE] * 2
    duration = time.monotonic() - begun
    assert written(path, Edit("7", {"v": ("c", "a")})) == [Wrote.DONE]
    Path(f"{path}.bak").unlink()

    moments = random.Random(people)
    kills = amid = 0
    while kills < KILLS or not amid:
        kills += 1
        assert kills < 10 * KILLS, "no moment was in the middle of a writing"
        kill_amid_writing(path, people, contents[path.read_text()], moments.uniform(0, 2) * duration)
        assert path.read_text() in contents
        bak, *rest = (Path(path.name + suffix) for suffix in (".bak", ".reconciler-new", ".reconciler-old"))
        assert not (tmp_path / bak).exists() or (tmp_path / bak).read_text() in contents
        amid += any((tmp_path / name).exists() for name in rest)
        assert {file.name for file in tmp_path.iterdir()} <= {path.name, str(bak), *map(str, rest)}
        now = contents[path.read_text()]
        assert written(path, Edit("0", {"v": (now, now)})) == [Wrote.DONE]  # sweeps, and looks that all is swept


def kill_amid_writing(path: Path, people: int, now: str, after: float) -> None:
    """A process that writes one value and the other in turn, killed so many seconds after it began."""
    then = {"a": "bbb", "bbb": "a"}[now]
    process = subprocess.Popen(
        [sys.executable, "-c", WRITES, str(path), str(people), now, then],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    time.sleep(after)
    process.send_signal(signal.SIGKILL)
    _, err = process.communicate()
    assert (process.returncode, err) == (-signal.SIGKILL, b"")
