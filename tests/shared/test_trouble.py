"""What is said when a shared state cannot be used: a code, a way out, and no secret."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from processes import reconciler
from servers import PASSWORD, free_port
from servers.buckets import ACCESS_KEY, Bucket
from servers.databases import Database

from reconciler.adapters.states.s3 import S3Store, client
from reconciler.adapters.states.store import StoreFailed
from reconciler.model.outcome import Result
from reconciler.model.problems import Exit, Failure
from reconciler.tables.sealed import closed

from .places import KEY, NAME, S3, Postgres, World, opened
from .runs import Team

SECRETS = (PASSWORD, ACCESS_KEY, KEY.hex())


def failed(act: Callable[..., object]) -> tuple[str, Exit]:
    """Code and exit; no secret is in what is said."""
    with pytest.raises(Failure) as caught:
        act()
    words = " ".join(f"{p.summary} {p.detail} {p.fix} {p.where}" for p in caught.value.problems)
    assert [secret for secret in SECRETS if secret in words] == []
    assert all(p.where and p.where.line for p in caught.value.problems)
    return caught.value.problems[0].code, caught.value.exit


def elsewhere(world: World, **changed: str) -> World:
    """The place, told wrongly."""
    if isinstance(world, Postgres):
        made = Postgres(world.database)
        made.env = {"STATE_URL": world.database.server.address(changed.pop("database", world.database.name), **changed)}
        return made
    assert isinstance(world, S3)
    return S3(replace(world.bucket, **changed))


def test_a_server_that_does_not_answer(tmp_path: Path, postgres: Database) -> None:
    team = Team(tmp_path, elsewhere(Postgres(postgres), port=str(free_port())))
    assert failed(team.plan) == failed(team.apply) == ("E581", Exit.ERROR)


def test_a_bucket_that_does_not_answer(tmp_path: Path, bucket: Bucket) -> None:
    team = Team(tmp_path, elsewhere(S3(bucket), endpoint=f"http://127.0.0.1:{free_port()}"))
    assert failed(team.plan) == ("E581", Exit.ERROR)


def test_a_wrong_password(tmp_path: Path, postgres: Database) -> None:
    team = Team(tmp_path, elsewhere(Postgres(postgres), password=f"{PASSWORD}x"))
    assert failed(team.plan) == failed(team.apply) == ("E582", Exit.AUTHENTICATION)


def test_a_place_that_is_not_there(tmp_path: Path, world: World) -> None:
    missing = elsewhere(world, database="nowhere") if isinstance(world, Postgres) else elsewhere(world, name="nowhere")
    assert failed(Team(tmp_path, missing).apply) == ("E583", Exit.ERROR)


def test_a_schema_that_is_not_there_and_one_that_is(tmp_path: Path, postgres: Database) -> None:
    world = Postgres(postgres)
    world.yaml += ', schema: "The state"'
    team = Team(tmp_path, world)
    assert failed(team.apply) == ("E583", Exit.ERROR)
    postgres.run('CREATE SCHEMA "The state"')
    assert team.apply().result is Result.APPLIED
    assert postgres.run('SELECT count(*) FROM "The state".reconciler_state') == [(1,)]
    assert not team.plan().pending


def test_a_user_who_may_use_tables_need_not_make_them(tmp_path: Path, postgres: Database) -> None:
    url = postgres.user("runner")
    postgres.run("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    world = Postgres(postgres)
    world.env = {"STATE_URL": url}
    team = Team(tmp_path, world)
    assert failed(team.apply) == ("E582", Exit.AUTHENTICATION)
    world.env = {"STATE_URL": postgres.url}
    team.apply()
    user = url.split("//")[1].split(":")[0]
    for table in ("reconciler_state", "reconciler_state_entries", "reconciler_state_blobs"):
        postgres.run(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {user}")
    world.env = {"STATE_URL": url}
    assert team.apply().result is Result.NONE


def test_a_bucket_without_credentials(tmp_path: Path, bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    world = S3(bucket)
    world.env = {}
    assert failed(Team(tmp_path, world).plan) == ("E582", Exit.AUTHENTICATION)


@pytest.mark.parametrize("header", ["If-None-Match", "If-Match"])
def test_a_bucket_that_does_not_heed_conditions_is_refused(bucket: Bucket, header: str) -> None:
    """As older servers do: what they do not know they leave out."""
    world = S3(bucket)
    unheeding = client(world.place(), world.env)

    def drop(params: Any, **_: Any) -> None:
        params["headers"].pop(header, None)

    unheeding.meta.events.register("before-call.s3.PutObject", drop)
    with closing(S3Store(unheeding, world.place(), NAME)) as store, pytest.raises(StoreFailed) as caught:
        store.take(b"ada", 60)
    assert caught.value.code == "E590"


@pytest.mark.parametrize("key", [KEY, None])
def test_what_a_newer_version_wrote_is_refused(tmp_path: Path, world: World, key: bytes | None) -> None:
    team = Team(tmp_path, world, key)
    team.apply()
    with opened(world) as store:
        number = store.numbers()[-1] + 1
        fence = store.take(b"newer", 60) or 0
        content = json.dumps({"format": 2, "kind": "other"}).encode()
        assert store.append(number, closed(content, f"{NAME} entry {number}", key, bytes(12)), fence)
        store.release(fence, b"newer")
    assert failed(team.plan) == failed(team.apply) == ("E585", Exit.ERROR)


def test_no_secret_leaves_the_program(tmp_path: Path, world: World) -> None:
    team = Team(tmp_path, world)
    wrong = Team(tmp_path, elsewhere(world, **({"port": "1"} if isinstance(world, Postgres) else {"name": "nowhere"})))
    said = []
    for of in (team, wrong):
        of.write(_section(of))
        for words in (["plan"], ["apply", "--auto-approve"], ["status"], ["status", "--release"], ["doctor"], ["show"]):
            ended = reconciler(tmp_path, "-v", *words, "--state", str(of.fresh()), env=of.env)
            said += [ended.out, ended.err]
            assert (ended.code == 0) is (of is team), (words, ended.err)
    assert "E58" in "".join(said)
    assert "shared state" in "".join(said)
    assert [secret for secret in SECRETS if any(secret in text for text in said)] == []


def _section(team: Team) -> str:
    return f"state: {{{team.world.yaml}, name: {NAME}, key: '${{env:STATE_KEY}}'}}"
