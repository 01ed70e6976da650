"""The membership example on a BottleCRM that runs: plan, apply, plan is empty; and when the CRM fails on the way."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from processes import NOW, Ended, reconciler
from servers.bottlecrm import SCOPES, Organisation

EXAMPLE = Path(__file__).resolve().parent.parent / "examples" / "membership"
PEOPLE = 30


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The example with its first people, and no pace of the file's."""
    folder = tmp_path / "membership"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns(".reconciler", "*.db*"))
    people = (folder / "people.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    (folder / "people.csv").write_text("".join(people[: PEOPLE + 1]), encoding="utf-8")
    (folder / "fast.yaml").write_text("version: 1\nextends: bottlecrm.yaml\ncrm: {calls_per_second: 1000}\n")
    return folder


def run(folder: Path, organisation: Organisation, *arguments: str, failing: bool = False, token: str = "") -> Ended:
    url = organisation.failing if failing else organisation.url
    env = {"BOTTLECRM_URL": url, "BOTTLECRM_TOKEN": token or organisation.token}
    return reconciler(folder, "-f", "fast.yaml", *arguments, "--now", NOW, env=env)


def addresses(organisation: Organisation) -> list[str]:
    """Of all contacts there are."""
    return [row["email"] for row in organisation.asked("GET", "contacts/?limit=1000").json()["results"]]


def test_plan_then_apply_then_plan_is_empty(bottlecrm: Organisation, folder: Path) -> None:
    before = run(folder, bottlecrm, "plan", "--detailed-exitcode", "--format", "json")
    assert before.code == 2, before.out + before.err
    assert addresses(bottlecrm) == []
    applied = run(folder, bottlecrm, "apply", "--auto-approve")
    assert applied.code == 0, applied.out + applied.err
    assert len(addresses(bottlecrm)) == json.loads(before.out)["summary"]["contacts"]["create"] > PEOPLE - 10
    after = run(folder, bottlecrm, "plan", "--detailed-exitcode")
    assert after.code == 0, after.out + after.err
    assert bottlecrm.token not in "".join((before.out, before.err, applied.out, applied.err, after.out, after.err))


def test_who_was_created_although_the_crm_said_it_failed_is_not_created_twice(
    bottlecrm: Organisation, folder: Path
) -> None:
    """The server commits every creation and answers it with an error; halfway it stops, and a healthy one goes on."""
    before = run(folder, bottlecrm, "plan", "--format", "json")
    create = json.loads(before.out)["summary"]["contacts"]["create"]
    broken = run(folder, bottlecrm, "apply", "--auto-approve", "--max-calls", "80", failing=True)
    assert broken.code == 6, broken.out + broken.err
    assert 0 < len(addresses(bottlecrm)) < create
    resumed = run(folder, bottlecrm, "apply", "--auto-approve", "--allow", "create=100")
    assert resumed.code == 0, resumed.out + resumed.err
    assert len(addresses(bottlecrm)) == len({*addresses(bottlecrm)}) == create
    after = run(folder, bottlecrm, "plan", "--detailed-exitcode")
    assert after.code == 0, after.out + after.err


def test_a_wrong_token_ends_before_anything_is_read(bottlecrm: Organisation, folder: Path) -> None:
    ended = run(folder, bottlecrm, "plan", token="bcrm_pat_qzxkanari")
    assert ended.code == 4, ended.out + ended.err
    assert "the token is wrong, revoked or expired" in ended.out + ended.err
    assert "qzxkanari" not in ended.out + ended.err


def test_another_account_than_the_file_allows_is_refused(bottlecrm: Organisation, folder: Path) -> None:
    text = (folder / "fast.yaml").read_text().replace("{calls", '{account: "someone", calls')
    (folder / "fast.yaml").write_text(text)
    ended = run(folder, bottlecrm, "plan", "--format", "json")
    assert ended.code == 1, ended.out + ended.err
    assert [problem["code"] for problem in json.loads(ended.out)["problems"]] == ["E302"]


def test_a_missing_scope_to_read_is_named(bottlecrm: Organisation, folder: Path) -> None:
    token = bottlecrm.new_token([*({*SCOPES} - {"contacts:read"}), "org:read"])
    ended = run(folder, bottlecrm, "plan", token=token)
    assert ended.code == 4, ended.out + ended.err
    assert "`contacts:read`" in ended.out + ended.err


@pytest.mark.parametrize("scope", ["contacts:write", "tags:write", "custom-fields:write"])
def test_a_missing_scope_to_write_is_named_before_anything_is_written(
    bottlecrm: Organisation, folder: Path, scope: str
) -> None:
    token = bottlecrm.new_token([*({*SCOPES} - {scope}), "org:read"])
    assert run(folder, bottlecrm, "plan", token=token).code == 0
    ended = run(folder, bottlecrm, "apply", "--auto-approve", token=token)
    assert ended.code == 4, ended.out + ended.err
    assert f"`{scope}`" in ended.out + ended.err
    assert addresses(bottlecrm) == []
    assert bottlecrm.asked("GET", "tags/?include_archived=true").json()["tags"] == []
    assert bottlecrm.asked("GET", "custom-fields/").json()["definitions"] == []
