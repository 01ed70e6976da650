"""The application: every request is checked, counted, carried out in one transaction, and logged without its values."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_URL, uuid5

from reconciler.emulators.hubspot import page, search, tables
from reconciler.emulators.hubspot.call import Answer, Call
from reconciler.emulators.hubspot.errors import Wrong, invalid
from reconciler.emulators.hubspot.limits import Limits
from reconciler.emulators.hubspot.routes import Route, url_map
from reconciler.emulators.hubspot.settings import Seen, Settings
from reconciler.localcrm import Limits as CrmLimits
from reconciler.localcrm import LocalCrm, LocalCrmError, Quirks
from reconciler.localcrm.file import microseconds
from reconciler.model.clock import Clock

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment
    from werkzeug import Request, Response

_FIELDS = 1_000
_LOGGED = 100_000  # requests; older ones are forgotten
_PAGES = ("/", "/favicon.ico")
_NOTHING = Route("", "oauth", "", "", lambda _call: Answer(404))


class HubSpot:
    """An emulated account in the file at `path`, which is made if it is not there. Threads may share it.

    `rewrites`: as in `localcrm.Quirks`: property, or * for every free text -> what is done to its values.
    """

    def __init__(
        self,
        path: Path,
        clock: Clock,
        settings: Settings | None = None,
        rewrites: Mapping[str, str] | None = None,
    ) -> None:
        limits = CrmLimits(fields=_FIELDS, addressless=True)
        self.crm = LocalCrm(path, clock, limits=limits, quirks=Quirks(rewrites=rewrites or {}))
        self.settings = settings or Settings()
        self.limits = Limits(self.settings)
        self.log: list[Seen] = []
        self.watch: Callable[[Seen], None] = lambda _seen: None
        """Is told of every request."""
        self.clock = clock
        self._routes = url_map()
        self._lock = Lock()
        self._count = 0
        tables.prepare(self.crm, microseconds(clock))

    @property
    def app(self) -> HubSpot:
        """Itself, which is a WSGI application."""
        return self

    def close(self) -> None:
        self.crm.close()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        from werkzeug import Request

        request = Request(environ)
        answer = self._page(request) if request.path in _PAGES else self.respond(request)
        return answer(environ, start_response)

    def _page(self, request: Request) -> Response:
        """Not counted, not logged, and open to whoever is on this machine."""
        from werkzeug import Response

        if request.path != "/" or request.method != "GET":
            return Response(status=404)
        with self.crm.looking() as connection:
            call = Call(connection=connection, **self._call(request, {}, None, self.clock.monotonic()))
            return page.respond(request, call, self.log)

    def respond(self, request: Request) -> Response:
        if self.settings.latency:
            self.clock.sleep(self.settings.latency)
        seconds = self.clock.monotonic()
        route = _NOTHING
        items = 0
        try:
            route, path = self._matched(request)
            self._check_scope(route)
            self.limits.take(route.bucket, seconds)
            body = _json(request)
            items = _items(body)
            answer = self._carried_out(route, self._call(request, path, body, seconds))
        except Wrong as wrong:
            correlation = self._correlation()
            answer = Answer(wrong.status, wrong.body(correlation))
            return self._answered(request, route, answer, (seconds, items), wrong.headers)
        return self._answered(request, route, answer, (seconds, items), {})

    def _matched(self, request: Request) -> tuple[Route, Mapping[str, str]]:
        """Raises Wrong, before that for a token that is none: nothing is said to strangers."""
        from werkzeug.exceptions import HTTPException, MethodNotAllowed

        self._authenticate(request)
        try:
            route, path = self._routes.bind_to_environ(request.environ).match()
        except MethodNotAllowed:
            raise Wrong(405, "METHOD_NOT_ALLOWED", "the method is not allowed for this path") from None
        except HTTPException:
            raise Wrong(404, "NOT_FOUND", "there is nothing at this path, or nothing that is emulated") from None
        return route, path

    def _authenticate(self, request: Request) -> None:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or token.strip() != self.settings.token:
            raise Wrong(401, "INVALID_AUTHENTICATION", "Authentication credentials not found")
        if self.settings.expires is not None and self.clock.now() >= self.settings.expires:
            raise Wrong(401, "EXPIRED_AUTHENTICATION", "The access token is expired")

    def _check_scope(self, route: Route) -> None:
        if route.scope and route.scope not in self.settings.scopes:
            needed = {"message": "this scope is required", "context": {"requiredGranularScopes": [route.scope]}}
            raise Wrong(403, "MISSING_SCOPES", "The token does not have all required scopes", errors=[needed])

    def _call(self, request: Request, path: Mapping[str, str], body: Any, seconds: float) -> dict[str, Any]:
        return {
            "crm": self.crm,
            "settings": self.settings,
            "limits": self.limits,
            "moment": microseconds(self.clock),
            "seconds": seconds,
            "path": path,
            "query": {key: request.args.getlist(key) for key in request.args},
            "body": body,
        }

    def _carried_out(self, route: Route, parts: Mapping[str, Any]) -> Answer:
        """Raises Wrong; nothing is done then."""
        reads = route.method == "GET" or route.scope.endswith(".read")
        opened: AbstractContextManager[Any] = self.crm.looking() if reads else self.crm.transaction()
        try:
            with opened as connection:
                connection.create_function("has_token", 2, search.has_token, deterministic=True)
                return route.handle(Call(connection=connection, **parts))
        except LocalCrmError as error:
            raise Wrong(500, "INTERNAL_ERROR", error.detail) from None

    def _answered(
        self, request: Request, route: Route, answer: Answer, seen: tuple[float, int], headers: Mapping[str, str]
    ) -> Response:
        from werkzeug import Response

        seconds, items = seen
        template = route.template if route is not _NOTHING else ""
        self._log(Seen(request.method, template, answer.status, route.bucket if template else "", seconds, items))
        told = {**self.limits.headers(route.bucket, seconds), **headers} if template else dict(headers)
        if answer.body is None:
            return Response(status=answer.status, headers=told)
        text = json.dumps(answer.body, ensure_ascii=False, separators=(",", ":"))
        return Response(text, answer.status, told, content_type="application/json;charset=utf-8")

    def _log(self, seen: Seen) -> None:
        self.watch(seen)
        with self._lock:
            self.log.append(seen)
            if len(self.log) > _LOGGED:
                del self.log[: _LOGGED // 2]

    def _correlation(self) -> str:
        """A UUID, as the documents demand; no two are the same in one process."""
        with self._lock:
            self._count += 1
            return str(uuid5(NAMESPACE_URL, f"request:{self._count}"))


def _json(request: Request) -> Any:
    """The body, None where there is none. Raises Wrong."""
    content = request.get_data()
    if not content:
        return None
    if request.mimetype != "application/json":
        raise Wrong(415, "UNSUPPORTED_MEDIA_TYPE", "the body must be application/json")
    try:
        return json.loads(content)
    except ValueError:
        raise invalid("Invalid input JSON") from None


def _items(body: Any) -> int:
    inputs = body.get("inputs") if isinstance(body, dict) else body
    return len(inputs) if isinstance(inputs, list) else 0
