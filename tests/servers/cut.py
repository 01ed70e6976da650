"""A wire to a server that is cut after so many bytes of its answers."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_NOW = struct.pack("ii", 1, 0)  # close with a reset


@contextmanager
def cut(port: int, after: int, abruptly: bool) -> Iterator[int]:
    """The port of a wire to that port; it ends after so many bytes from there, with a reset if `abruptly`."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        taking = threading.Thread(target=_take, args=(listening, port, after, abruptly))
        taking.start()
        try:
            yield listening.getsockname()[1]
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            taking.join()


def _take(listening: socket.socket, port: int, after: int, abruptly: bool) -> None:
    """One connection after the other; the end of the listening socket ends it."""
    with suppress(OSError):
        while True:
            ours, _ = listening.accept()
            with ours, socket.create_connection(("127.0.0.1", port)) as theirs:
                back = threading.Thread(target=_forward, args=(ours, theirs, 1 << 60))
                back.start()
                _forward(theirs, ours, after)
                if abruptly:
                    ours.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NOW)
                for end in (theirs, ours):
                    with suppress(OSError):
                        end.shutdown(socket.SHUT_RD if end is ours and abruptly else socket.SHUT_RDWR)
                back.join()


def _forward(source: socket.socket, target: socket.socket, most: int) -> None:
    with suppress(OSError):
        while most > 0 and (data := source.recv(min(most, 65_536))):
            target.sendall(data)
            most -= len(data)
