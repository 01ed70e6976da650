"""What `doctor` says of the state folder: who may read and write it, who holds it, what is unfinished."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from reconciler.model.checks import Check, Verdict
from reconciler.model.problems import Failure
from reconciler.report.status import size
from reconciler.runtime.disk import free_bytes
from reconciler.runtime.folder import Folder
from reconciler.runtime.request import Request

_TIGHT, _LITTLE = 50 << 20, 1 << 30  # bytes
_FOR_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def state_checks(request: Request) -> Iterator[tuple[str, Callable[[], Check], str]]:
    """Name, check, and the check that it needs, in the order in which they are told. Nothing is made or changed."""
    folder = request.folder
    if named_shared(request):
        yield "shared state", lambda: _shared(request), ""
    yield "state folder", lambda: _folder(folder), ""
    yield "lock", lambda: _lock(folder), "state folder"
    yield "last run", lambda: _last_run(request), "state folder"
    yield "disk", lambda: _disk(folder), ""
    yield "version control", lambda: _version_control(folder), ""


def named_shared(request: Request) -> bool:
    """Whether the file names a shared state, or something in its place that is wrong."""
    from reconciler.runtime.shared.opening import shared_state

    try:
        return shared_state(request) is not None
    except Failure:
        return True


def _shared(request: Request) -> Check:
    from reconciler.runtime.shared.opening import looked_at, shared_state

    name = "shared state"
    state = shared_state(request)
    if state is None:
        raise AssertionError("it is looked at where the file names one")
    seen = looked_at(request, state)
    said = seen.said + ("" if state.key else ", not encrypted")
    if seen.holder:
        return Check(name, Verdict.WARN, f"{said}; an apply runs: {seen.holder}", "wait until it has ended", "E513")
    if not state.key:
        return Check(name, Verdict.WARN, said, "give it a key: `openssl rand -base64 32`, as `state.key`")
    return Check(name, Verdict.OK, said)


def _folder(folder: Folder) -> Check:
    name = "state folder"
    if not folder.path.exists():
        above = _nearest(folder.path)
        if os.access(above, os.W_OK | os.X_OK):
            return Check(name, Verdict.OK, f"{folder.path} is made by the first plan")
        fix = "make the folder above writable, or choose another one with --state DIR"
        return Check(name, Verdict.FAIL, f"{folder.path} cannot be made", fix, "E501")
    if not folder.path.is_dir() or not os.access(folder.path, os.R_OK | os.W_OK | os.X_OK):
        fix = "make it writable, or choose another one with --state DIR"
        return Check(name, Verdict.FAIL, f"{folder.path} cannot be written", fix, "E501")
    if folder.path.stat().st_mode & _FOR_OTHERS:
        return Check(name, Verdict.WARN, f"others may look into {folder.path}", f"chmod -R go= {folder.path}")
    held, cached = _bytes(folder.path.rglob("*")), _bytes(folder.path.glob("accounts/*/caches/*"))
    said = f"{folder.path} is writable, for its owner alone, and holds {size(held)}"
    return Check(name, Verdict.OK, said + (f", {size(cached)} of it caches" if cached else ""))


def _bytes(paths: Iterable[Path]) -> int:
    return sum(path.stat().st_size for path in paths if path.is_file())


def _lock(folder: Folder) -> Check:
    from reconciler.runtime.lock import said

    who = said(folder.lock) if folder.path.is_dir() else ""
    if who:
        return Check("lock", Verdict.WARN, f"an apply runs at this moment: {who}", "wait until it has ended", "E513")
    return Check("lock", Verdict.OK, "no apply runs")


def _last_run(request: Request) -> Check:
    from reconciler.runtime.pipeline import status

    found = status(request)
    if not found.known:
        return Check("last run", Verdict.OK, "nothing is remembered yet")
    if found.unfinished is not None:
        said = f"run {found.unfinished.run} of {found.unfinished.at} did not finish"
        return Check("last run", Verdict.WARN, said, "the next apply goes on from there", "E512")
    run = found.apply if found.apply.run else found.plan
    if not run.run:  # a plan that failed leaves a folder and no run
        return Check("last run", Verdict.OK, "none has ended yet")
    what = "apply" if found.apply.run else "plan"
    return Check("last run", Verdict.OK, f"{what} {run.run} of {run.at}: {run.result or 'unknown'}")


def _disk(folder: Folder) -> Check:
    free = free_bytes(_nearest(folder.path) / "any")
    if free is None:
        return Check("disk", Verdict.WARN, "it cannot be told how much is free", "look at the disk of the state folder")
    fix = "free space where the state folder lies, or choose another place with --state DIR"
    said = f"{size(free)} free"
    if free < _TIGHT:
        return Check("disk", Verdict.FAIL, f"{said}: an apply could not keep its journal", fix, "E509")
    if free < _LITTLE:
        return Check("disk", Verdict.WARN, f"{said}: planning many people spills to disk", fix)
    return Check("disk", Verdict.OK, said)


def _version_control(folder: Folder) -> Check:
    """Read from the files that say so; no other program is run."""
    name = "version control"
    path = Path(os.path.abspath(folder.path))
    top = next((p for p in path.parents if (p / ".git").exists()), None)
    if top is None:
        return Check(name, Verdict.OK, "the state folder lies in no Git repository")
    if not path.exists():
        return Check(name, Verdict.OK, "the state folder will keep itself out of it")
    inside = [p for p in (path, *path.parents) if p == top or top in p.parents]
    if any(_ignored(p / ".gitignore", path) for p in inside):
        return Check(name, Verdict.OK, "the state folder is ignored")
    fix = f"write a line with * into {folder.path / '.gitignore'}"
    return Check(name, Verdict.WARN, "the state folder is not ignored, and could be committed", fix)


def _ignored(file: Path, path: Path) -> bool:
    """Whether that file names the path, a folder above it, or everything in its own folder."""
    try:
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return False
    below = path.relative_to(file.parent).parts
    names = {"*" if not below else ""} | {"/".join(below[:count]) for count in range(1, len(below) + 1)} | set(below)
    return any(line.strip().strip("/") in names - {""} for line in lines)


def _nearest(path: Path) -> Path:
    """The path, or the nearest folder above it that exists."""
    absolute = Path(os.path.abspath(path))
    return next(p for p in (absolute, *absolute.parents) if p.exists())
