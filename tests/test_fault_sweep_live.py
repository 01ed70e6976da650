"""On a real CRM something goes wrong at every endpoint in turn: the right state in the end, and nothing doubled."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
from servers.bottlecrm import BottleCrm, Organisation
from sweep import Ticking, World

from reconciler.testing.faults import Mishap, once


class LiveWorld(World):
    """An organisation of a BottleCRM that runs."""

    organisation: Organisation

    def fill(self, people: int = 2) -> None:
        tag = self.organisation.asked("POST", "tags/", {"name": "Customer"}).json()["tag"]["id"]
        for n in range(people):
            person = {"first_name": f"Old {n}", "last_name": "-", "email": f"person.{n}@example.org", "tags": [tag]}
            self.organisation.asked("POST", "contacts/", person)


def contents(organisation: Organisation) -> Any:
    """What the organisation holds, without ids."""
    fields = organisation.asked("GET", "custom-fields/?target_model=Contact").json()["definitions"]
    tags = {tag["id"]: tag["name"] for tag in organisation.asked("GET", "tags/").json()["tags"]}
    rows = organisation.asked("GET", "contacts/?limit=1000").json()["results"]
    contacts = [
        (row["email"], row["first_name"], row["custom_fields"], sorted(tags[tag] for tag in row["tags"]))
        for row in rows
    ]
    return (
        sorted((f["key"], f["label"], f["field_type"]) for f in fields),
        sorted(tags.values()),
        sorted(contacts, key=lambda contact: contact[0]),
    )


def made(server: BottleCrm, folder: Path) -> LiveWorld:
    folder.mkdir()
    organisation = server.organisation()
    section = f"{{type: bottlecrm, url: '{organisation.url}', token: '${{env:TOKEN}}', missing_name: '-'}}"
    world = LiveWorld(
        folder,
        Ticking(),
        httpx.HTTPTransport(),
        None,  # type: ignore[arg-type] # there is no embedded CRM behind it
        section,
        {"TOKEN": organisation.token},
        lambda: contents(organisation),
        {"first": "first_name"},
    )
    world.organisation = organisation
    world.write(people=4)
    world.fill()
    return world


@pytest.mark.parametrize(
    "mishap",
    [Mishap.TIMEOUT_AFTER, Mishap.HTML_BEFORE],
    ids=lambda mishap: mishap.name.lower(),
)
def test_what_goes_wrong_once_at_any_endpoint_changes_nothing_in_the_end(
    bottlecrm_server: BottleCrm, mishap: Mishap, tmp_path: Path
) -> None:
    told = made(bottlecrm_server, tmp_path / "told")
    assert told.apply().code == 0
    endpoints, state = list(told.faulty.seen), told.state()
    assert len(endpoints) > 10
    assert not told.plan().pending
    wrong = {}
    for number, endpoint in enumerate(endpoints):
        world = made(bottlecrm_server, tmp_path / str(number))
        ended = world.apply(once(endpoint, mishap))
        if number == 0 and ended.code:  # a page instead of the first answer: another server's address
            assert (mishap, ended.code, ended.problems) == (Mishap.HTML_BEFORE, 1, ("E323",))
            continue
        if (ended.code, world.state() == state, world.plan().pending) != (0, True, False):
            wrong[endpoint] = (ended.code, ended.problems)
    assert not wrong
