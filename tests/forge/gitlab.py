"""The few calls of GitLab's REST API that the pipeline makes, answered from memory over loopback HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from threading import Thread
from typing import Any

from werkzeug.exceptions import HTTPException, NotFound, Unauthorized
from werkzeug.routing import Map, Rule
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

from forge.repository import Repository

OWN, FORK = "7", "8"  # projects
BOT = 11  # the user whose token the pipeline has
TOKEN = "glpat-qzxkanari"


@dataclass(slots=True)
class Note:
    id: int
    author: int
    body: str
    edits: int = 0


@dataclass(slots=True)
class Merge:
    """A merge request. `project`: where its branch is."""

    iid: int
    head: str
    project: str
    merged: str = ""
    notes: list[Note] = field(default_factory=list)


@dataclass(slots=True)
class Pipeline:
    id: int
    sha: str
    project: str
    merge: int | None
    status: str = "running"
    jobs: dict[str, int] = field(default_factory=dict)
    """Of those that succeeded: name -> id."""


@dataclass(slots=True)
class Issue:
    iid: int
    title: str
    description: str
    labels: str
    state: str = "opened"


@dataclass(eq=False)
class GitLab:
    """One project. `variables`: of every pipeline of its own; `protected`: of jobs in an environment on main."""

    repository: Repository
    variables: dict[str, str] = field(default_factory=dict)
    protected: dict[str, str] = field(default_factory=dict)
    merges: dict[int, Merge] = field(default_factory=dict)
    pipelines: dict[int, Pipeline] = field(default_factory=dict)
    artifacts: dict[tuple[int, str], bytes] = field(default_factory=dict)
    issues: dict[int, Issue] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=lambda: count(1001))

    def opened(self, head: str, project: str = OWN) -> Merge:
        merge = Merge(len(self.merges) + 1, head, project)
        self.merges[merge.iid] = merge
        self.pushed(merge, head)
        return merge

    def pushed(self, merge: Merge, head: str) -> None:
        merge.head = head
        self.repository.push(f"refs/merge-requests/{merge.iid}/head", head)

    def accepted(self, merge: Merge) -> str:
        """Merged into main: a commit of its own."""
        merge.merged = self.repository.merged(merge.head, f"Merge !{merge.iid}")
        self.repository.move_main(merge.merged)
        return merge.merged


@contextmanager
def served(gitlab: GitLab) -> Iterator[str]:
    """The address of its API."""

    class Silent(WSGIRequestHandler):
        def log(self, type: str, message: str, *args: object) -> None:
            pass

    with make_server("127.0.0.1", 0, _Api(gitlab), threaded=True, request_handler=Silent) as server:
        serving = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        serving.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/api/v4"
        finally:
            server.shutdown()
            serving.join()


_RULES = {
    ("GET", "/merge_requests/<int:iid>/notes"): "notes",
    ("POST", "/merge_requests/<int:iid>/notes"): "note",
    ("PUT", "/merge_requests/<int:iid>/notes/<int:id>"): "change_note",
    ("GET", "/merge_requests/<int:iid>/pipelines"): "pipelines",
    ("GET", "/repository/commits/<commit>/merge_requests"): "merges",
    ("GET", "/pipelines/<int:id>/jobs"): "jobs",
    ("GET", "/jobs/<int:id>/artifacts/<name>"): "artifact",
    ("GET", "/issues"): "issues",
    ("POST", "/issues"): "issue",
    ("PUT", "/issues/<int:iid>"): "change_issue",
}


class _Api:
    def __init__(self, gitlab: GitLab) -> None:
        self._gitlab = gitlab
        rules = [
            Rule(f"/api/v4/projects/{OWN}{path}", methods=[m], endpoint=name) for (m, path), name in _RULES.items()
        ]
        self._map = Map([*rules, Rule("/api/v4/user", methods=["GET"], endpoint="user")])

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        request = Request(environ)
        try:
            name, values = self._map.bind_to_environ(environ).match()
            if request.headers.get("PRIVATE-TOKEN") != TOKEN:
                raise Unauthorized
            answer = getattr(self, f"_{name}")(request, **values)
        except HTTPException as refused:
            answer = _json({"message": refused.name}, refused.code or 500)
        return answer(environ, start_response)

    def _user(self, request: Request) -> Response:
        return _json({"id": BOT, "username": "project_7_bot"})

    def _notes(self, request: Request, iid: int) -> Response:
        shown = [_note(note) for note in self._gitlab.merges[iid].notes]
        return _json(shown if request.args.get("sort") == "asc" else shown[::-1])

    def _note(self, request: Request, iid: int) -> Response:
        note = Note(next(self._gitlab.numbers), BOT, request.form["body"])
        self._gitlab.merges[iid].notes.append(note)
        return _json(_note(note), 201)

    def _change_note(self, request: Request, iid: int, id: int) -> Response:
        for note in self._gitlab.merges[iid].notes:
            if note.id == id:
                note.body, note.edits = request.form["body"], note.edits + 1
                return _json(_note(note))
        raise NotFound

    def _pipelines(self, request: Request, iid: int) -> Response:
        found = [pipeline for pipeline in self._gitlab.pipelines.values() if pipeline.merge == iid]
        return _json([_pipeline(pipeline) for pipeline in found[::-1]])

    def _merges(self, request: Request, commit: str) -> Response:
        return _json([_merge(merge) for merge in self._gitlab.merges.values() if commit in (merge.merged, merge.head)])

    def _jobs(self, request: Request, id: int) -> Response:
        return _json([{"id": job, "name": name} for name, job in self._gitlab.pipelines[id].jobs.items()])

    def _artifact(self, request: Request, id: int, name: str) -> Response:
        if (id, name) not in self._gitlab.artifacts:
            raise NotFound
        return Response(self._gitlab.artifacts[id, name], mimetype="application/octet-stream")

    def _issues(self, request: Request) -> Response:
        state, label = request.args["state"], request.args["labels"]
        found = [i for i in self._gitlab.issues.values() if i.state == state and label in i.labels.split(",")]
        return _json([_issue(issue) for issue in found])

    def _issue(self, request: Request) -> Response:
        form = request.form
        issue = Issue(len(self._gitlab.issues) + 1, form["title"], form["description"], form["labels"])
        self._gitlab.issues[issue.iid] = issue
        return _json(_issue(issue), 201)

    def _change_issue(self, request: Request, iid: int) -> Response:
        issue = self._gitlab.issues[iid]
        issue.description = request.form.get("description", issue.description)
        issue.state = {"close": "closed"}.get(request.form.get("state_event", ""), issue.state)
        return _json(_issue(issue))


def _json(value: object, status: int = 200) -> Response:
    return Response(json.dumps(value), status, mimetype="application/json")


def _note(note: Note) -> Mapping[str, Any]:
    return {"id": note.id, "author": {"id": note.author}, "body": note.body}


def _merge(merge: Merge) -> Mapping[str, Any]:
    state = "merged" if merge.merged else "opened"
    return {"iid": merge.iid, "sha": merge.head, "state": state, "target_branch": "main"}


def _pipeline(pipeline: Pipeline) -> Mapping[str, Any]:
    return {"id": pipeline.id, "sha": pipeline.sha, "status": pipeline.status, "project_id": int(pipeline.project)}


def _issue(issue: Issue) -> Mapping[str, Any]:
    return {"iid": issue.iid, "title": issue.title, "state": issue.state}
