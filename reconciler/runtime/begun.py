"""The addresses of contacts whose creation was begun, sealed for the journal: nobody reads them in the file, and the
next run finds those contacts by them when the people have other addresses."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable

from reconciler.model.messages import problem
from reconciler.model.problems import Failure
from reconciler.tables.begun import Begun
from reconciler.tables.spool import SALT_BYTES, Damaged, Seal


class SealedAddresses:
    """Each batch under a salt of its own."""

    def __init__(self, key: bytes, token_bytes: Callable[[int], bytes]) -> None:
        """`key`: of the state."""
        self._key, self._token_bytes = key, token_bytes

    def close(self, begun: Iterable[Begun]) -> bytes | None:
        """None where there is nobody."""
        people = [(digest.hex(), address) for digest, address in begun]
        if not people:
            return None
        seal = Seal(self._key, self._token_bytes(SALT_BYTES))
        return seal.salt + seal.close(0, memoryview(json.dumps(people).encode()))

    def open(self, blob: bytes) -> list[Begun]:
        """Raises Failure E504."""
        try:
            people = json.loads(Seal(self._key, blob[:SALT_BYTES]).open(0, blob[SALT_BYTES:]))
        except Damaged:
            raise Failure(problem("E504", "a sealed part was changed")) from None
        return [(bytes.fromhex(digest), address) for digest, address in people]
