"""An emulator on a loopback port: nobody but this machine can reach it."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

HOST = "127.0.0.1"


class PortTaken(Exception):
    """The port is in use, or this user may not have it."""


class Server:
    """Listens from the moment it is made, on `port`, or on a free one for 0. Raises PortTaken.

    Every request is answered in a thread of its own. The application logs; the server does not.
    """

    def __init__(self, app: WSGIApplication, port: int = 0) -> None:
        from werkzeug.serving import WSGIRequestHandler, make_server

        class Silent(WSGIRequestHandler):
            protocol_version = "HTTP/1.1"

            def log(self, type: str, message: str, *args: object) -> None:
                """Addresses of requests hold people's data."""

        with _listening(port) as listening:
            self.port: int = listening.getsockname()[1]
            self._server = make_server(
                HOST, self.port, _guarded(app), threaded=True, request_handler=Silent, fd=listening.fileno()
            )

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def run(self) -> None:
        """Until `stop`, from another thread, or a KeyboardInterrupt."""
        with suppress(KeyboardInterrupt):
            self._server.serve_forever(poll_interval=0.1)

    def stop(self) -> None:
        self._server.shutdown()


def _guarded(app: WSGIApplication) -> WSGIApplication:
    """A mistake of ours is an answer: the library would print it, and texts of exceptions may quote people's data."""

    def guarded(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        try:
            return app(environ, start_response)
        except Exception:
            start_response("500 Internal Server Error", [("Content-Length", "0")])
            return ()

    return guarded


def _listening(port: int) -> socket.socket:
    """The server library would end the process if it found the port in use."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((HOST, port))
        listening.listen(128)
    except OSError:
        listening.close()
        raise PortTaken from None
    return listening
