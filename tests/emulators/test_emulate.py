"""`reconciler emulate`, as a process and over a socket."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.processes import reconciler, start

CANARY = "canary@example.org"


@contextmanager
def emulated(folder: Path, *options: str) -> Iterator[tuple[httpx.Client, str, subprocess.Popen[bytes]]]:
    """A client of the process, what it printed, and the process; the block must end it."""
    process = start(folder, "emulate", "hubspot", "--port", "0", *options)
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line.decode())
        if "token: " in lines[-1]:
            break
    printed = "".join(lines)
    address, token = re.search(r"http://127\.0\.0\.1:\d+", printed), re.search(r"HUBSPOT_TOKEN=(\S+)", printed)
    assert address
    assert token
    try:
        with httpx.Client(base_url=address[0], headers={"Authorization": f"Bearer {token[1]}"}) as client:
            yield client, printed, process
    finally:
        process.kill()
        process.communicate()


def stopped(process: subprocess.Popen[bytes], number: int = signal.SIGINT) -> tuple[int, str]:
    process.send_signal(number)
    _out, err = process.communicate(timeout=20)
    return process.returncode, err.decode()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_until_it_is_stopped(tmp_path: Path, number: int) -> None:
    with emulated(tmp_path, "-v") as (client, printed, process):
        assert "The account is in a temporary file, and gone when this ends." in printed
        assert client.post("/crm/v3/objects/contacts", json={"properties": {"email": CANARY}}).status_code == 201
        assert client.get(f"/crm/v3/objects/contacts/{CANARY}?idProperty=email").json()["id"] == "1"
        assert CANARY in client.get("/").text
        code, err = stopped(process, number)
    assert code == 0
    assert err == (
        "201 POST /crm/v3/objects/contacts\n200 GET /crm/v3/objects/contacts/{contactId}\n\nStopped.\n"
    )  # no value is in it
    assert not list(tmp_path.iterdir())


def test_an_account_is_kept_in_its_file(tmp_path: Path) -> None:
    with emulated(tmp_path, "--data", "kept.db") as (client, printed, process):
        assert "The account is in kept.db." in printed
        client.post("/crm/v3/lists", json={"name": "VIP", "objectTypeId": "0-1", "processingType": "MANUAL"})
        stopped(process)
    with emulated(tmp_path, "--data", "kept.db", "--token", "other") as (client, printed, _process):
        assert "HUBSPOT_TOKEN=other" in printed
        assert client.get("/crm/v3/lists/1").json()["list"]["name"] == "VIP"


def test_options_of_the_account_reach_it(tmp_path: Path) -> None:
    options = ("--tier", "professional", "--search-lag", "60", "--rewrite", "city=upper")
    with emulated(tmp_path, *options) as (client, _printed, _process):
        answer = client.post("/crm/v3/objects/contacts", json={"properties": {"email": CANARY, "city": "London"}})
        assert answer.json()["properties"]["city"] == "LONDON"
        assert answer.headers["X-HubSpot-RateLimit-Max"] == "190"
        assert client.post("/crm/v3/objects/contacts/search", json={}).json()["total"] == 0


def test_a_port_in_use_is_an_error_of_its_own(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ended = reconciler(tmp_path, "emulate", "hubspot", "--port", str(taken.getsockname()[1]))
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.startswith("error E935")


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (("--rewrite", "city"), "E903"),
        (("--rewrite", "city=shout"), "E903"),
        (("--token", " "), "E903"),
        (("--token", " padded "), "E903"),
        (("--search-lag", "nan"), "E903"),
        (("--tier", "gold"), "E903"),
        (("--search-lag", "-1"), "E903"),
        (("--data", "nowhere/kept.db"), "E936"),
        (("--data", "people.csv"), "E936"),
        (("--data", "crm.db"), "E936"),
    ],
)
def test_what_cannot_be_is_refused_and_touches_nothing(tmp_path: Path, options: tuple[str, ...], code: str) -> None:
    from reconciler.localcrm import LocalCrm
    from reconciler.model.clock import Clock

    (tmp_path / "people.csv").write_text("email\nada@example.org\n" * 100)
    crm = LocalCrm(tmp_path / "crm.db", Clock.system())
    crm.add([{"email": CANARY, "first_name": "Ada"}])
    ended = reconciler(tmp_path, "emulate", "hubspot", "--port", "0", *options)
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.startswith(f"error {code}"), ended.err
    assert CANARY not in ended.err
    assert crm.load(["1"], ["first_name"]) == {"1": ["Ada"]}
    crm.close()
