"""The checking transport: every request and every answer that passes is held against the document."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from threading import Lock
from urllib.parse import parse_qsl

import httpx

from reconciler.testing.contracts.checker import Checker, Violation


class CheckingTransport(httpx.BaseTransport):
    """Wraps another transport: an emulator, a server, a mock. A message that breaks the contract raises Violation, an
    answer that does not arrive passes as it is. `seen`: operation and status -> answers that were held against it.
    `told(operation, status)` is called after each of them."""

    def __init__(
        self, inner: httpx.BaseTransport, checker: Checker, told: Callable[[str, int], None] = lambda *_seen: None
    ) -> None:
        self._inner = inner
        self._checker = checker
        self._told = told
        self._lock = Lock()
        self.seen: Counter[tuple[str, int]] = Counter()
        self.violations: list[Violation] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        try:
            return self._checked(request)
        except Violation as violation:
            with self._lock:
                self.violations.append(violation)
            raise

    def _checked(self, request: httpx.Request) -> httpx.Response:
        path, _, query = request.url.raw_path.decode("ascii").partition("?")
        given = parse_qsl(query, keep_blank_values=True)
        operation = self._checker.request(request.method, path, given, _headers(request.headers), request.read())
        response = self._inner.handle_request(request)
        self._checker.response(operation, response.status_code, _headers(response.headers), response.read())
        with self._lock:
            self.seen[operation.name, response.status_code] += 1
            self._told(operation.name, response.status_code)
        return response

    def close(self) -> None:
        self._inner.close()

    def held(self, claimed: Iterable[str]) -> None:
        """The gate: raises AssertionError unless nothing was violated, also where somebody caught it, and each claimed
        operation (`POST /path/{id}`) was answered with success at least once."""
        if self.violations:
            raise self.violations[0]
        check_coverage(claimed, self.seen, self._checker.operations.all)


def check_coverage(claimed: Iterable[str], seen: Iterable[tuple[str, int]], known: Iterable[str]) -> None:
    """Raises AssertionError that names every operation that is claimed and was not answered with success, or that no
    document has. Who claims nothing has checked nothing."""
    wanted, known = set(claimed), set(known)
    succeeded = {name for name, status in seen if 200 <= status < 300}
    faults = {
        "claimed, but not in the document": wanted - known,
        "claimed, but never answered with success": (wanted & known) - succeeded,
    }
    said = [f"{fault}: {', '.join(sorted(names))}" for fault, names in faults.items() if names]
    if not wanted:
        said = ["nothing is claimed, so nothing was checked"]
    if said:
        raise AssertionError("; ".join(said))


def _headers(headers: httpx.Headers) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}
