"""Ctrl-C and SIGTERM: a plan ends at once; an apply ends its batch in flight first, and at once when asked again."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from reconciler.cli import exits

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
STOPPING = "Stopping after the batch in flight. Once more ends at once; nothing is lost either way."

_SHOW_CURSOR = b"\x1b[?25h"


class Interrupts:
    """`gentle`: set while an apply writes. `asked`: somebody asked to stop. `said`: STOPPING as stderr gets it. To end
    at once is safe: the journal has every intent before its call."""

    def __init__(self) -> None:
        self.gentle = False
        self.asked = False
        self.said: Callable[[], str] = lambda: f"\n{STOPPING}\n"

    def stop(self) -> bool:
        """Whether to stop after the batch in flight."""
        return self.asked

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Both signals come here until the block ends."""
        before = {number: signal.signal(number, self._told) for number in _SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _told(self, _number: int, _frame: FrameType | None) -> None:
        if self.asked:
            if sys.stderr is not None and os.isatty(2):
                os.write(2, _SHOW_CURSOR)
            os._exit(exits.INTERRUPTED)
        self.asked = True
        if not self.gentle:
            raise KeyboardInterrupt
        if sys.stderr is not None:  # else 2 is whatever file was opened first
            os.write(2, self.said().encode())
