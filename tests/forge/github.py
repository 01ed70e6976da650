"""The few calls of GitHub's REST API that the pipelines make, answered from memory on a unix socket, which is where the
real `gh` is told to look. Every token has the permissions of its job, and a call that needs another one is refused."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from threading import Thread
from typing import Any

from werkzeug.exceptions import Forbidden, HTTPException, NotFound, Unauthorized
from werkzeug.routing import Map, Rule
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

from forge.repository import Repository

OWN, FORK = "acme/crm", "stranger/crm"
BOT = "github-actions[bot]"
_API = "https://api.github.com"


@dataclass(slots=True)
class Note:
    """A comment, of a pull request or an issue."""

    id: int
    login: str
    body: str
    edits: int = 0


@dataclass(slots=True)
class Pull:
    number: int
    head: str
    repository: str
    login: str
    base: str
    merge: str = ""
    merged: bool = False
    notes: list[Note] = field(default_factory=list)


@dataclass(slots=True)
class Issue:
    number: int
    title: str
    body: str
    labels: list[str]
    state: str = "open"


@dataclass(slots=True)
class Run:
    """Of a workflow. `artifacts`: zip files by name."""

    id: int
    workflow: str
    event: str
    head: str
    repository: str
    conclusion: str = ""
    artifacts: dict[str, bytes] = field(default_factory=dict)


@dataclass(slots=True)
class Token:
    permissions: Mapping[str, str]
    used: set[tuple[str, str]] = field(default_factory=set)

    def may(self, what: str, how: str) -> bool:
        return self.permissions.get(what) in (("read", "write") if how == "read" else ("write",))


@dataclass(eq=False)
class GitHub:
    """One repository, its secrets, and everything that lies beside it."""

    repository: Repository
    secrets: dict[str, str] = field(default_factory=dict)
    environments: dict[str, dict[str, str]] = field(default_factory=dict)
    pulls: dict[int, Pull] = field(default_factory=dict)
    issues: dict[int, Issue] = field(default_factory=dict)
    runs: dict[int, Run] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    scanned: dict[str, Any] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))
    _ids: Iterator[int] = field(default_factory=lambda: count(1001))

    def token(self, permissions: Mapping[str, str]) -> str:
        name = f"ghs_{next(self._ids)}qzxkanari"
        self.tokens[name] = Token(permissions)
        return name

    def opened(self, head: str, repository: str = OWN, login: str = "somebody") -> Pull:
        """A pull request into main."""
        pull = Pull(next(self._numbers), "", repository, login, self.repository.main)
        self.pulls[pull.number] = pull
        self.pushed(pull, head)
        return pull

    def pushed(self, pull: Pull, head: str) -> None:
        """The pull request has another last commit; what it would be when merged is made anew."""
        pull.head, pull.base = head, self.repository.main
        pull.merge = self.repository.merged(head, f"Merge #{pull.number}")
        self.repository.push(f"refs/pull/{pull.number}/head", head)
        self.repository.push(f"refs/pull/{pull.number}/merge", pull.merge)

    def merged(self, pull: Pull) -> str:
        """Merged into main as it is now: a commit of its own, as a press on the button makes it."""
        pull.merge = self.repository.merged(pull.head, f"Merge pull request #{pull.number}")
        pull.merged = True
        self.repository.move_main(pull.merge)
        return pull.merge

    def noted(self, pull: Pull, login: str, body: str) -> Note:
        pull.notes.append(note := Note(next(self._ids), login, body))
        return note

    def began(self, workflow: str, event: str, head: str, repository: str) -> Run:
        run = Run(next(self._ids), workflow, event, head, repository)
        self.runs[run.id] = run
        return run

    def opened_issue(self, title: str, body: str, labels: list[str]) -> Issue:
        issue = Issue(next(self._numbers), title, body, labels)
        self.issues[issue.number] = issue
        return issue


def packed(files: Mapping[str, bytes]) -> bytes:
    with io.BytesIO() as stream:
        with zipfile.ZipFile(stream, "w") as archive:
            for name, content in files.items():
                archive.writestr(name, content)
        return stream.getvalue()


@contextmanager
def served(github: GitHub, socket: Path) -> Iterator[None]:
    """Answers on that unix socket."""

    class Silent(WSGIRequestHandler):
        def log(self, type: str, message: str, *args: object) -> None:
            pass

    with make_server(f"unix://{socket}", 0, _Api(github), threaded=True, request_handler=Silent) as server:
        serving = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        serving.start()
        try:
            yield
        finally:
            server.shutdown()
            serving.join()


_REPOSITORY = f"/repos/{OWN}"
_RULES = {
    # method and path: what it does, the permission that it needs
    ("GET", "/issues/<int:number>/comments"): ("notes", "pull-requests", "read"),
    ("POST", "/issues/<int:number>/comments"): ("note", "pull-requests", "write"),
    ("PATCH", "/issues/comments/<int:id>"): ("change_note", "pull-requests", "write"),
    ("GET", "/commits/<commit>/pulls"): ("pulls_of", "pull-requests", "read"),
    ("GET", "/actions/workflows/<workflow>/runs"): ("runs", "actions", "read"),
    ("GET", "/actions/runs/<int:id>/artifacts"): ("artifacts", "actions", "read"),
    ("GET", "/actions/artifacts/<int:id>/<name>/zip"): ("artifact", "actions", "read"),
    ("GET", "/issues"): ("issues", "issues", "read"),
    ("POST", "/issues"): ("issue", "issues", "write"),
    ("PATCH", "/issues/<int:number>"): ("change_issue", "issues", "write"),
}


class _Api:
    def __init__(self, github: GitHub) -> None:
        self._github = github
        self._map = Map([Rule(_REPOSITORY + path, methods=[m], endpoint=e) for (m, path), e in _RULES.items()])

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        request = Request(environ)
        try:
            (name, what, how), values = self._map.bind_to_environ(environ).match()
            self._allowed(request, what, how)
            answer = getattr(self, f"_{name}")(request, **values)
        except HTTPException as refused:
            answer = Response(json.dumps({"message": refused.name}), refused.code, mimetype="application/json")
        return answer(environ, start_response)

    def _allowed(self, request: Request, what: str, how: str) -> None:
        token = self._github.tokens.get(request.headers.get("Authorization", "").removeprefix("token "))
        if token is None:
            raise Unauthorized
        if not token.may(what, how):
            raise Forbidden
        token.used.add((what, how))

    def _pull(self, number: int) -> Pull:
        if number not in self._github.pulls:
            raise NotFound
        return self._github.pulls[number]

    def _notes(self, request: Request, number: int) -> Response:
        return _page(request, [_note(note) for note in self._pull(number).notes])

    def _note(self, request: Request, number: int) -> Response:
        return _json(_note(self._github.noted(self._pull(number), BOT, _body(request)["body"])), 201)

    def _change_note(self, request: Request, id: int) -> Response:
        for note in (note for pull in self._github.pulls.values() for note in pull.notes):
            if note.id == id:
                note.body, note.edits = _body(request)["body"], note.edits + 1
                return _json(_note(note))
        raise NotFound

    def _pulls_of(self, request: Request, commit: str) -> Response:
        found = [pull for pull in self._github.pulls.values() if commit in (pull.head, pull.merge)]
        return _page(request, [_pull(pull) for pull in found])

    def _runs(self, request: Request, workflow: str) -> Response:
        wanted = {name: request.args[name] for name in ("event", "head_sha", "status") if name in request.args}
        known = [_run(run) for run in self._github.runs.values() if run.workflow == workflow]
        found = [run for run in known if all(run[name] == value for name, value in wanted.items())]
        return _json({"total_count": len(found), "workflow_runs": found})

    def _artifacts(self, request: Request, id: int) -> Response:
        names = self._github.runs[id].artifacts
        url = f"{_API}{_REPOSITORY}/actions/artifacts/{id}"
        found = [{"name": n, "archive_download_url": f"{url}/{n}/zip", "expired": False} for n in names]
        return _json({"total_count": len(found), "artifacts": found})

    def _artifact(self, request: Request, id: int, name: str) -> Response:
        return Response(self._github.runs[id].artifacts[name], mimetype="application/zip")

    def _issues(self, request: Request) -> Response:
        state, labels = request.args.get("state", "open"), set(request.args.get("labels", "").split(",")) - {""}
        found = [i for i in self._github.issues.values() if i.state == state and labels <= set(i.labels)]
        return _page(request, [_issue(issue) for issue in found])

    def _issue(self, request: Request) -> Response:
        body = _body(request)
        return _json(_issue(self._github.opened_issue(body["title"], body["body"], body.get("labels", []))), 201)

    def _change_issue(self, request: Request, number: int) -> Response:
        issue, body = self._github.issues[number], _body(request)
        issue.body, issue.state = body.get("body", issue.body), body.get("state", issue.state)
        return _json(_issue(issue))


def _body(request: Request) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(request.get_data())
    return body


def _json(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return Response(json.dumps(value), status, headers, mimetype="application/json")


def _page(request: Request, items: list[dict[str, Any]]) -> Response:
    """One page, and where the next one is."""
    size, number = int(request.args.get("per_page", 30)), int(request.args.get("page", 1))
    headers = {}
    if number * size < len(items):
        others = "&".join(f"{name}={value}" for name, value in request.args.items() if name != "page")
        headers["Link"] = f'<{_API}{request.path}?{others}&page={number + 1}>; rel="next"'
    return _json(items[(number - 1) * size : number * size], headers=headers)


def _note(note: Note) -> dict[str, Any]:
    return {"id": note.id, "user": {"login": note.login}, "body": note.body}


def _pull(pull: Pull) -> dict[str, Any]:
    return {
        "number": pull.number,
        "merged_at": "2026-11-22T10:00:00Z" if pull.merged else None,
        "merge_commit_sha": pull.merge,
        "head": {"sha": pull.head, "repo": {"full_name": pull.repository}},
        "base": {"ref": "main", "sha": pull.base, "repo": {"full_name": OWN}},
        "user": {"login": pull.login},
    }


def _run(run: Run) -> dict[str, Any]:
    return {
        "id": run.id,
        "run_number": run.id,
        "event": run.event,
        "head_sha": run.head,
        "status": run.conclusion,  # the query asks for a conclusion by this name
        "head_repository": {"full_name": run.repository},
    }


def _issue(issue: Issue) -> dict[str, Any]:
    return {"number": issue.number, "title": issue.title, "body": issue.body, "state": issue.state}
