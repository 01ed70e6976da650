"""Runs a GitLab pipeline as its runners do: the jobs whose rules fit, each in an empty folder, its scripts in one
shell."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from forge.gitlab import OWN, TOKEN, GitLab, Merge, Pipeline

_OF_THE_FILE = {"workflow", "stages", "default", "variables"}
_JOB = {"stage", "rules", "interruptible", "variables", "script", "after_script", "artifacts"}
_JOB |= {"environment", "resource_group"}
_TERM = re.compile(r"""\$(\w+) (==|!=) (?:"([^"]*)"|\$(\w+))""")
_NAME = re.compile(r"\$(\w+)")
_LONGEST = 300  # seconds of a job


@dataclass(slots=True)
class Ran:
    """A job that ran."""

    code: int
    said: str


@dataclass(frozen=True, slots=True)
class Pipelines:
    """`programs`: a folder of commands that come before the system's; `url`: of the forge's API."""

    gitlab: GitLab
    folder: Path
    programs: Path
    url: str

    def planned(self, merge: Merge) -> dict[str, Ran]:
        """The pipeline of a merge request, in the project that its branch is in."""
        about = {
            "CI_PIPELINE_SOURCE": "merge_request_event",
            "CI_MERGE_REQUEST_IID": str(merge.iid),
            "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": merge.project,
            "CI_MERGE_REQUEST_PROJECT_ID": OWN,
        }
        return self._run(merge.head, about, merge.project, merge.iid)

    def applied(self, commit: str) -> dict[str, Ran]:
        return self._run(commit, {"CI_PIPELINE_SOURCE": "push", "CI_COMMIT_BRANCH": "main"})

    def scheduled(self) -> dict[str, Ran]:
        about = {"CI_PIPELINE_SOURCE": "schedule", "CI_COMMIT_BRANCH": "main"}
        return self._run(self.gitlab.repository.main, about)

    def _run(
        self, commit: str, about: Mapping[str, str], project: str = OWN, merge: int | None = None
    ) -> dict[str, Ran]:
        pipeline = Pipeline(next(self.gitlab.numbers), commit, project, merge)
        self.gitlab.pipelines[pipeline.id] = pipeline
        known = {
            **about,
            "CI": "true",
            "CI_API_V4_URL": self.url,
            "CI_COMMIT_SHA": commit,
            "CI_DEFAULT_BRANCH": "main",
            "CI_PROJECT_ID": project,
            **({"GITLAB_TOKEN": TOKEN, **self.gitlab.variables} if project == OWN else {}),
        }
        place = self.folder / str(pipeline.id)
        self.gitlab.repository.checked_out(commit, place)
        file = YAML(typ="safe").load((place / ".gitlab-ci.yml").read_text(encoding="utf-8"))
        assert any(_holds(rule["if"], known) for rule in file["workflow"]["rules"])
        ran = {name: self._job(pipeline, name, file, known) for name in _fitting(file, known)}
        pipeline.status = "success" if ran and not any(job.code for job in ran.values()) else "failed"
        return ran

    def _job(self, pipeline: Pipeline, name: str, file: Mapping[str, Any], known: Mapping[str, str]) -> Ran:
        job, id = file[name], next(self.gitlab.numbers)
        work = self.folder / f"{pipeline.id}-{name}"
        shutil.copytree(self.folder / str(pipeline.id), work)
        (home := self.folder / f"{id}-home").mkdir()
        own = {"PATH": f"{self.programs}:/usr/local/bin:/usr/bin:/bin", "HOME": str(home), "LANG": "C.UTF-8"}
        if "environment" in job:
            assert known.get("CI_COMMIT_BRANCH") == "main", "protected variables are for main alone"
            own |= self.gitlab.protected
        env = _expanded({**known, **own, **file["variables"], **job.get("variables", {})})
        ran = _shell([*file["default"]["before_script"], *job["script"]], work, env)
        if "after_script" in job:
            ran.said += _shell(job["after_script"], work, env).said
        if not ran.code:
            pipeline.jobs[name] = id
        for path in job.get("artifacts", {}).get("paths", ()):
            if (work / path).exists():
                self.gitlab.artifacts[id, path] = (work / path).read_bytes()
        return ran


def _fitting(file: Mapping[str, Any], known: Mapping[str, str]) -> Iterator[str]:
    """Names of the jobs that run, in the order of the stages."""
    jobs = {name: job for name, job in file.items() if name not in _OF_THE_FILE}
    for name in sorted(jobs, key=lambda name: file["stages"].index(jobs[name]["stage"])):
        assert set(jobs[name]) <= _JOB, f"{set(jobs[name]) - _JOB} of a job is not known here"
        if any(_holds(rule["if"], known) for rule in jobs[name]["rules"]):
            yield name


def _holds(condition: str, known: Mapping[str, str]) -> bool:
    """Comparisons joined by `&&`."""

    def one(term: str) -> bool:
        found = _TERM.fullmatch(term.strip())
        assert found is not None, f"not read here: {term!r}"
        name, sign, text, other = found.groups()
        return (known.get(name) == (known.get(other) if other else text)) is (sign == "==")

    return all(one(term) for term in condition.split("&&"))


def _expanded(variables: Mapping[str, str]) -> dict[str, str]:
    """Variables in the text of variables, which may hold others."""
    filled = {name: str(value) for name, value in variables.items()}
    for _ in range(3):
        known = dict(filled)
        filled = {name: _NAME.sub(partial(_looked_up, known), value) for name, value in known.items()}
    return filled


def _looked_up(known: Mapping[str, str], found: re.Match[str]) -> str:
    return known.get(found.group(1), "")


def _shell(lines: Sequence[str], work: Path, env: Mapping[str, str]) -> Ran:
    script, log = work.with_suffix(".sh"), work.with_suffix(".log")
    script.write_text("set -eo pipefail\n" + "\n".join(lines) + "\n", encoding="utf-8")
    with log.open("wb") as stream:
        process = subprocess.Popen(
            ["bash", str(script)],
            cwd=work,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
            start_new_session=True,
        )
        code = process.wait(timeout=_LONGEST)
    with suppress(ProcessLookupError):  # what it left running
        os.killpg(process.pid, signal.SIGTERM)
    return Ran(code, log.read_text(encoding="utf-8"))
