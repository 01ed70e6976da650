"""The hooks, run by `pre-commit` in a git repository: those of the project, and those of the example. The program is
the one of the tests (`language: system`), so nothing is fetched."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from forge.repository import QUIET, git
from forge.tools import ran, tool
from processes import launcher
from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = ROOT / "examples" / "gitops"


class Checkout:
    """A clone of the example, in which the hooks of a configuration run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "crm"
        shutil.copytree(EXAMPLE, self.folder)
        git(folder, "init", "--quiet", str(self.folder))
        programs = folder / "programs"
        programs.mkdir()
        launcher(programs / "reconciler")
        self._env = {**QUIET, "PRE_COMMIT_HOME": str(folder / "cache"), "HOME": str(folder)}
        self._env["PATH"] = f"{programs}:{QUIET['PATH']}"

    def commits(self, **replaced: str) -> tuple[int, str]:
        """What the hooks say to all files, in which such texts are replaced."""
        file = self.folder / "reconciler.yaml"
        text = file.read_text(encoding="utf-8")
        for old, new in replaced.items():
            assert old in text
            text = text.replace(old, new)
        file.write_text(text, encoding="utf-8")
        git(self.folder, "add", "--all")
        return ran([tool("pre-commit"), "run", "--all-files", "--color", "never"], self.folder, self._env)


def of_project(folder: Path) -> str:
    """A configuration that takes the hooks from a repository, as the project's is one."""
    hooks = folder / "hooks"
    hooks.mkdir()
    git(folder, "init", "--quiet", str(hooks))
    shutil.copy(ROOT / ".pre-commit-hooks.yaml", hooks)
    git(hooks, "add", "--all")
    git(hooks, "commit", "--quiet", "-m", "Hooks")
    commit = git(hooks, "rev-parse", "HEAD")
    return (
        f"repos: [{{repo: {hooks}, rev: {commit}, hooks: [{{id: reconciler-fmt, language: system}}, "
        "{id: reconciler-validate, language: system, args: [--file, rehearsal.yaml]}]}]"
    )


@pytest.fixture(params=["example", "project"])
def checkout(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    made = Checkout(tmp_path)
    monkeypatch.setenv("HUBSPOT_TOKEN", "any")
    if request.param == "project":
        (made.folder / ".pre-commit-config.yaml").write_text(of_project(tmp_path), encoding="utf-8")
    return made


def test_a_good_file_passes_both_hooks(checkout: Checkout) -> None:
    code, said = checkout.commits()
    assert code == 0, said
    assert said.count("Passed") == 2


def test_a_file_that_a_plan_would_refuse_is_not_committed(checkout: Checkout) -> None:
    code, said = checkout.commits(**{"match: email": "match: e_mail"})
    assert code == 1
    assert "reconciler validate" in said
    assert "reconciler.yaml:" in said
    assert "match" in said


def test_a_file_that_is_laid_out_otherwise_is_formatted_and_not_committed_as_it_was(checkout: Checkout) -> None:
    before = (checkout.folder / "reconciler.yaml").read_text(encoding="utf-8")
    code, said = checkout.commits(**{"'orders > 0'": '"orders > 0"'})
    assert code == 1
    assert "files were modified by this hook" in said
    assert (checkout.folder / "reconciler.yaml").read_text(encoding="utf-8") == before
    assert checkout.commits()[0] == 0


def test_the_example_has_the_hooks_of_the_project() -> None:
    load = YAML(typ="safe").load
    project = {hook["id"] for hook in load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))}
    [local] = load((EXAMPLE / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"]
    assert {hook["id"] for hook in local["hooks"]} == project
