"""Runs a workflow as GitHub's runners do: each job in an empty folder of its own, with the variables, secrets and token
that its file gives it and nothing else; every `run:` is executed as it is written, `uses:` is done by a function here.

Whoever asks for what is not done here (another action, another function, an unknown key of a step) fails.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from forge.expressions import Value, filled, holds
from forge.github import OWN, GitHub, Pull, Run, packed

_STEP = {"name", "id", "if", "env", "run", "uses", "with"}
_JOB = {"name", "if", "runs-on", "timeout-minutes", "permissions", "environment", "env", "steps"}
_SHELL = ("bash", "--noprofile", "--norc", "-eo", "pipefail")
_LONGEST = 300  # seconds of a step


@dataclass(frozen=True, slots=True)
class Event:
    """Why a workflow runs. `sha`: what is checked out; `head`: the commit that the run is shown at."""

    name: str
    sha: str
    head: str
    ref: str
    repository: str = OWN
    payload: Mapping[str, Any] = field(default_factory=dict)

    @property
    def trusted(self) -> bool:
        """Whether its run gets secrets, and a token that may write."""
        return self.repository == OWN and self.payload.get("pull_request", {}).get("user") != {
            "login": "dependabot[bot]"
        }


@dataclass(slots=True)
class Step:
    name: str
    outcome: str
    code: int = 0
    said: str = ""


@dataclass(slots=True)
class Job:
    """What became of it. `used`: the permissions that its token was used for."""

    name: str
    conclusion: str = "success"
    steps: list[Step] = field(default_factory=list)
    summary: str = ""
    environment: str = ""
    granted: Mapping[str, str] = field(default_factory=dict)
    used: set[tuple[str, str]] = field(default_factory=set)
    uploaded: list[str] = field(default_factory=list)

    @property
    def said(self) -> str:
        return "".join(step.said for step in self.steps)

    def step(self, name: str) -> Step:
        return next(step for step in self.steps if step.name == name)


@dataclass(frozen=True, slots=True)
class Runners:
    """Where workflows run. `programs`: a folder of commands that come before the system's; `variables`: how they reach
    the forge."""

    github: GitHub
    folder: Path
    programs: Path
    variables: Mapping[str, str]

    def planned(self, pull: Pull) -> dict[str, Job]:
        """The plan of a pull request, as it is pushed."""
        payload = {
            "number": pull.number,
            "pull_request": {
                "number": pull.number,
                "user": {"login": pull.login},
                "head": {"sha": pull.head, "repo": {"full_name": pull.repository}},
                "base": {"sha": pull.base, "ref": "main", "repo": {"full_name": OWN}},
            },
        }
        ref = f"refs/pull/{pull.number}/merge"
        return self.run("plan.yml", Event("pull_request", pull.merge, pull.head, ref, pull.repository, payload))

    def applied(self, commit: str) -> Job:
        """What follows a push to main."""
        return self.run("apply.yml", Event("push", commit, commit, "refs/heads/main"))["apply"]

    def drifted(self) -> Job:
        """What the night brings."""
        commit = self.github.repository.main
        return self.run("drift.yml", Event("schedule", commit, commit, "refs/heads/main"))["drift"]

    def run(self, workflow: str, event: Event) -> dict[str, Job]:
        """Every job of that workflow, by its key. The file is the one of the commit."""
        run = self.github.began(workflow, event.name, event.head, event.repository)
        files = self.folder / f"{run.id}-files"
        self.github.repository.checked_out(event.sha, files)
        text = (files / ".github" / "workflows" / workflow).read_text(encoding="utf-8")
        file = YAML(typ="safe").load(text)
        assert event.name in file["on"], f"{workflow} does not run on {event.name}"
        jobs = {}
        for key, job in file["jobs"].items():
            assert set(job) <= _JOB, f"{set(job) - _JOB} of a job is not known here"
            jobs[key] = _JobRun(self, event, run, file, job, self.folder / f"{run.id}-{key}").done()
        run.conclusion = "failure" if any(job.conclusion == "failure" for job in jobs.values()) else "success"
        return jobs


class _JobRun:
    def __init__(
        self, runners: Runners, event: Event, run: Run, file: Mapping[str, Any], job: Mapping[str, Any], folder: Path
    ) -> None:
        self._runners, self._event, self._run, self._job = runners, event, run, job
        self._env, self._folder, self._work = file.get("env", {}), folder, folder / "work"
        self._work.mkdir(parents=True)
        self._processes: list[int] = []
        granted = dict(job.get("permissions", file.get("permissions", {})))
        allowed = granted if event.trusted else dict.fromkeys(granted, "read")
        self.done_job = Job(job.get("name", ""), environment=job.get("environment", ""), granted=granted)
        token = runners.github.token(allowed)
        self._token = runners.github.tokens[token]
        self._contexts: dict[str, Any] = {
            "github": self._github(token),
            "secrets": self._secrets(),
            "vars": runners.github.variables,
            "steps": {},
            "env": {},
        }

    def _github(self, token: str) -> dict[str, Any]:
        event = self._event
        return {
            "token": token,
            "repository": OWN,
            "sha": event.sha,
            "ref": event.ref,
            "ref_name": event.ref.removeprefix("refs/heads/"),
            "event_name": event.name,
            "event": event.payload,
            "run_id": str(self._run.id),
            "workspace": str(self._work),
        }

    def _secrets(self) -> dict[str, str]:
        if not self._event.trusted:
            return {}
        environment = self._job.get("environment")
        if environment is None:
            return dict(self._runners.github.secrets)
        assert self._event.ref == "refs/heads/main", "the environment is for main alone"
        return {**self._runners.github.secrets, **self._runners.github.environments[environment]}

    def done(self) -> Job:
        job = self.done_job
        if not self._holds(self._job.get("if", "success()")):
            job.conclusion = "skipped"
            return job
        try:
            for step in self._job["steps"]:
                assert set(step) <= _STEP, f"{set(step) - _STEP} of a step is not known here"
                job.steps.append(done := self._step(step))
                if done.outcome == "failure":
                    job.conclusion = "failure"
        finally:
            for group in self._processes:  # what a step left running
                with suppress(ProcessLookupError):
                    os.killpg(group, signal.SIGTERM)
        job.used = self._token.used
        return job

    def _step(self, step: Mapping[str, Any]) -> Step:
        name = step.get("name", step.get("uses", "").partition("@")[0])
        condition = str(step.get("if", "success()"))
        checks = any(f"{status}()" in condition for status in ("success", "failure", "always", "cancelled"))
        if not self._holds(condition if checks else f"success() && ({condition})"):
            return Step(name, "skipped")
        if "uses" in step:
            action = _ACTIONS[step["uses"].partition("@")[0]]
            action(self, {key: self._filled(value) for key, value in step.get("with", {}).items()})
            return Step(name, "success")
        return self._executed(name, step)

    def _executed(self, name: str, step: Mapping[str, Any]) -> Step:
        number = len(self.done_job.steps)
        script, output, summary, log = (
            self._folder / f"{number}.{kind}" for kind in ("sh", "output", "summary", "log")
        )
        assert "${{" not in step["run"], "what comes from outside reaches a script as a variable"
        script.write_text(step["run"], encoding="utf-8")
        output.touch()
        summary.touch()
        env = self._environment(step) | {"GITHUB_OUTPUT": str(output), "GITHUB_STEP_SUMMARY": str(summary)}
        with log.open("wb") as stream:
            process = subprocess.Popen(
                [*_SHELL, str(script)],
                cwd=self._work,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=stream,
                start_new_session=True,
            )
            self._processes.append(process.pid)
            code = process.wait(timeout=_LONGEST)
        self.done_job.summary += summary.read_text(encoding="utf-8")
        if "id" in step:
            self._contexts["steps"][step["id"]] = {"outputs": _outputs(output.read_text(encoding="utf-8"))}
        return Step(name, "failure" if code else "success", code, log.read_text(encoding="utf-8"))

    def _environment(self, step: Mapping[str, Any]) -> dict[str, str]:
        github = self._contexts["github"]
        payload = self._folder / "event.json"
        payload.write_text(json.dumps(self._event.payload), encoding="utf-8")
        home = self._folder / "home"
        home.mkdir(exist_ok=True)
        declared = {**self._env, **self._job.get("env", {}), **step.get("env", {})}
        return {
            "PATH": f"{self._runners.programs}:/usr/local/bin:/usr/bin:/bin",
            "HOME": str(home),
            "LANG": "C.UTF-8",
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_EVENT_NAME": self._event.name,
            "GITHUB_EVENT_PATH": str(payload),
            "GITHUB_REF": github["ref"],
            "GITHUB_REF_NAME": github["ref_name"],
            "GITHUB_REPOSITORY": OWN,
            "GITHUB_RUN_ID": github["run_id"],
            "GITHUB_SERVER_URL": "https://github.com",
            "GITHUB_SHA": self._event.sha,
            "GITHUB_WORKSPACE": str(self._work),
            **self._runners.variables,
            **{name: self._filled(value) for name, value in declared.items()},
        }

    def _filled(self, value: object) -> str:
        return filled(str(value), self._contexts, {})

    def _holds(self, condition: str) -> bool:
        fine = self.done_job.conclusion == "success"

        def hashed(pattern: str) -> Value:
            found = sorted(self._work.glob(pattern))
            return hashlib.sha256(b"".join(file.read_bytes() for file in found)).hexdigest() if found else ""

        functions: dict[str, Callable[..., Value]] = {
            "success": lambda: fine,
            "failure": lambda: not fine,
            "always": lambda: True,
            "cancelled": lambda: False,
            "hashFiles": hashed,
        }
        return holds(condition, self._contexts, functions)

    def checkout(self, inputs: Mapping[str, str]) -> None:
        assert self._token.may("contents", "read"), "without the permission nothing can be checked out"
        self._token.used.add(("contents", "read"))
        target = self._work / inputs["path"] if "path" in inputs else self._work
        fresh = self._folder / "checkout"
        self._runners.github.repository.checked_out(inputs.get("ref", self._event.sha), fresh)
        shutil.copytree(fresh, target, dirs_exist_ok=True)
        shutil.rmtree(fresh)

    def upload(self, inputs: Mapping[str, str]) -> None:
        files: dict[str, bytes] = {}
        for pattern in inputs["path"].split():
            found = sorted(self._work.glob(pattern))
            assert found, f"{pattern}: nothing is there"
            files |= {str(file.relative_to(self._work)): file.read_bytes() for file in found}
        assert inputs["name"] not in self._run.artifacts or inputs.get("overwrite") == "True"
        self._run.artifacts[inputs["name"]] = packed(files)
        self.done_job.uploaded.append(inputs["name"])

    def scan(self, inputs: Mapping[str, str]) -> None:
        assert self._token.may("security-events", "write"), "without the permission nothing can be uploaded"
        self._token.used.add(("security-events", "write"))
        found = (self._work / inputs["sarif_file"]).read_text(encoding="utf-8")
        self._runners.github.scanned[inputs["category"]] = json.loads(found)


def _outputs(text: str) -> dict[str, str]:
    """`name=value` in a line, or `name<<END`, lines, `END`."""
    outputs: dict[str, str] = {}
    lines = iter(text.splitlines())
    for line in lines:
        name, sign, value = line.partition("=")
        if "<<" in name or not sign:
            name, _, end = line.partition("<<")
            assert end, f"not an output: {line!r}"
            value = "\n".join(iter(lambda: next(lines), end))
        outputs[name] = value
    return outputs


_ACTIONS: Mapping[str, Callable[[_JobRun, Mapping[str, str]], None]] = {
    "actions/checkout": _JobRun.checkout,
    "actions/setup-python": lambda run, inputs: None,  # the program is there, on the Python of the tests
    "actions/upload-artifact": _JobRun.upload,
    "github/codeql-action/upload-sarif": _JobRun.scan,
}
