"""A WSGI application whose every message is held against the document, for clients that come over a socket."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

import httpx

from reconciler.testing.contracts import CheckingTransport, Violation

_PYTHON_BOOL = re.compile(r"(?<==)(True|False)(?=&|$)")
"""HubSpot's client writes a truth value into an address as Python does, which its own document does not have."""


class CheckedApp:
    """Passes requests on to the checking transport. A violation is answered with 500 and stands in its `violations`."""

    def __init__(self, transport: CheckingTransport) -> None:
        self._transport = transport

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        target = _PYTHON_BOOL.sub(lambda found: found[0].lower(), environ["REQUEST_URI"])
        headers = {name[5:].replace("_", "-"): value for name, value in environ.items() if name.startswith("HTTP_")}
        if environ.get("CONTENT_TYPE"):
            headers["Content-Type"] = environ["CONTENT_TYPE"]
        content = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        request = httpx.Request(
            environ["REQUEST_METHOD"], f"http://127.0.0.1{target}", headers=headers, content=content or None
        )
        try:
            answer = self._transport.handle_request(request)
        except Violation:
            answer = httpx.Response(500)
        told = [(name, value) for name, value in answer.headers.items() if name != "transfer-encoding"]
        start_response(f"{answer.status_code} {answer.reason_phrase}", told)
        return [answer.content]
