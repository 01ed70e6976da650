"""The world of `examples/gitops`: its files in a git repository, an emulated HubSpot account, and on a runner's path
the program, the system's own tools and the real `gh`."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Any

from forge.actions import Job, Runners
from forge.github import GitHub, Pull, served
from forge.repository import Repository
from processes import launcher
from servers import free_port, program

from reconciler.emulators.hubspot import SCOPES, HubSpot, Settings
from reconciler.emulators.hubspot.account import portal
from reconciler.emulators.serving import Server
from reconciler.model.clock import Clock

EXAMPLE = Path(__file__).resolve().parent.parent / "examples" / "gitops"
CANARY = "qzxkanari"
READ_TOKEN, WRITE_TOKEN = f"pat-read-{CANARY}", f"pat-write-{CANARY}"
PLAN_KEY = CANARY * 8
FIELDS = ("email", "firstname", "birthday", "member_id", "plan")
_PRINTED = "127.0.0.1:8800"  # where a rehearsal starts its account
_ACCOUNT = 'account: "12345678"'
_SAFE = frozenset({"GET", "HEAD"})
_READS = ("/search", "/batch/read", "/access-token-info")


@dataclass(eq=False)
class Account:
    """The CRM, as who may write there sees it, and as who may only read; with one contact that is not ours."""

    writing: HubSpot
    reading: HubSpot
    url: str

    def named(self, file: Path) -> None:
        """The file of the example is of this account."""
        text = file.read_text(encoding="utf-8")
        assert _ACCOUNT in text
        number = portal(self.writing.crm.account())
        file.write_text(text.replace(_ACCOUNT, f"url: {self.url}\n  account: '{number}'"), encoding="utf-8")

    def found(self) -> dict[str, Any]:
        """What is in it: fields and lists by name, and of each contact some values and its lists."""
        crm = self.writing.crm
        known = {known.key for known in crm.fields()}
        keys = [key for key in FIELDS if key in known]
        names = {tag.key: tag.name for tag in crm.tags()}
        contacts = [row for page in crm.pages(keys) for row in page.to_pylist()]
        for row in contacts:
            row["tags"] = sorted(names[key] for key in crm.tags_of(row["$id"]))
        return {"fields": sorted(known), "tags": sorted(names.values()), "contacts": contacts}

    def carriers(self, tag: str) -> set[str | None]:
        """Who carries it, by first name."""
        return {contact["firstname"] for contact in self.found()["contacts"] if tag in contact["tags"]}

    def changed(self, email: str, **values: str) -> None:
        """What somebody else does."""
        contact = self.writing.crm.find(email)
        assert contact is not None
        self.writing.crm.update([(contact, values)])

    def renamed(self, tag: str, name: str) -> None:
        """So does somebody with a list."""
        crm = self.writing.crm
        crm.rename_tag(next(known.key for known in crm.tags() if known.name == tag), name)

    def writes(self) -> list[str]:
        """The calls so far that change something."""
        log = [*self.writing.log, *self.reading.log]
        return [seen.path for seen in log if seen.method not in _SAFE and not seen.path.endswith(_READS)]


@contextmanager
def account_in(folder: Path) -> Iterator[Account]:
    data = folder / "hubspot.db"
    may_read = {scope for scope in SCOPES if scope.endswith(".read")}
    with (
        closing(HubSpot(data, Clock.system(), Settings(WRITE_TOKEN, burst=5_000))) as writing,
        closing(HubSpot(data, Clock.system(), Settings(READ_TOKEN, burst=5_000, scopes=may_read))) as reading,
    ):

        def app(environ: Any, start_response: Any) -> Any:
            reads = READ_TOKEN in environ.get("HTTP_AUTHORIZATION", "")
            return (reading if reads else writing)(environ, start_response)

        writing.crm.add([{"email": f"{CANARY}@example.org", "firstname": CANARY}])
        server = Server(app)
        serving = Thread(target=server.run)
        serving.start()
        try:
            yield Account(writing, reading, server.url)
        finally:
            server.stop()
            serving.join()


def copied(repository: Repository, account: Account) -> None:
    """The example in main. Its account is this one and no other, and a rehearsal's listens on a port that is free."""
    shutil.copytree(EXAMPLE, repository.here, dirs_exist_ok=True)
    account.named(repository.here / "reconciler.yaml")
    port = free_port()
    for name in ("rehearsal.yaml", ".github/workflows/plan.yml", ".gitlab-ci.yml"):
        place = repository.here / name
        text = place.read_text(encoding="utf-8")
        assert _PRINTED in text
        moved = text.replace(_PRINTED, f"127.0.0.1:{port}").replace("--port 8800", f"--port {port}")
        place.write_text(moved, encoding="utf-8")
    repository.move_main(repository.commit("The example"))


def changed(repository: Repository, branch: str, replaced: Mapping[str, str]) -> str:
    """A commit on that branch in which texts of `reconciler.yaml` are replaced."""
    repository.on(branch)
    file = repository.here / "reconciler.yaml"
    text = file.read_text(encoding="utf-8")
    for old, new in replaced.items():
        assert old in text, f"nothing to replace: {old!r}"
        text = text.replace(old, new)
    file.write_text(text, encoding="utf-8")
    return repository.commit("A change")


def programs_in(folder: Path, *linked: Path) -> Path:
    """What a runner has on its path before the system's own: the program as installed for the tests, programs that are
    linked to, and `pip` and `apt-get`, which install nothing. pip's last word has to be a file that asks
    for the program."""
    programs = folder / "programs"
    programs.mkdir()
    for path in linked:
        (programs / path.name).symlink_to(path)
    for name, script in {"pip": 'grep -q "^crm-reconciler" "${@: -1}"', "apt-get": "true"}.items():
        (programs / name).write_text(f"#!/bin/bash\n{script}\n", encoding="utf-8")
        (programs / name).chmod(0o755)
    launcher(programs / "reconciler")
    return programs


@dataclass(eq=False)
class World:
    """The example on GitHub."""

    repository: Repository
    github: GitHub
    runners: Runners
    account: Account

    def change(self, branch: str, replaced: Mapping[str, str]) -> str:
        return changed(self.repository, branch, replaced)

    def proposed(self, branch: str, replaced: Mapping[str, str], **by: str) -> Pull:
        """A pull request with that change."""
        return self.github.opened(self.change(branch, replaced), **by)

    def shipped(self) -> Job:
        """An empty change goes all the way: what main says is applied."""
        pull = self.proposed("empty", {})
        planned = self.runners.planned(pull)["plan"]
        assert planned.conclusion == "success", planned.said
        return self.runners.applied(self.github.merged(pull))


@contextmanager
def world(folder: Path, state: str) -> Iterator[World]:
    """The example as somebody copied it to GitHub, with nothing applied yet. `state`: the address of an empty
    database."""
    gh, socket = program("gh"), folder / "forge.sock"
    with account_in(folder) as account:
        secrets = {"HUBSPOT_READ_TOKEN": READ_TOKEN, "RECONCILER_PLAN_KEY": PLAN_KEY, "RECONCILER_STATE_URL": state}
        github = GitHub(Repository(folder), secrets, {"production": {"HUBSPOT_TOKEN": WRITE_TOKEN}})
        copied(github.repository, account)
        with served(github, socket):
            runners = Runners(github, folder, programs_in(folder, gh), _through(folder, socket))
            yield World(github.repository, github, runners, account)


def _through(folder: Path, socket: Path) -> dict[str, str]:
    """How `gh` reaches the forge: what it would send to the host goes through the socket."""
    settings = folder / "gh"
    settings.mkdir()
    (settings / "config.yml").write_text(f"http_unix_socket: {socket}\n", encoding="utf-8")
    return {"GH_CONFIG_DIR": str(settings), "GH_NO_UPDATE_NOTIFIER": "1"}
