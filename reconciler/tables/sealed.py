"""Bytes that leave the machine: framed, and sealed where a key is given.

A seal is bound to what the bytes are and where they lie, so that no two of them can change places unnoticed.
"""

from __future__ import annotations

import zlib

KEY_BYTES = 32
NONCE_BYTES = 12

_MAGIC = b"RCST"
_VERSION = 1
_PLAIN, _SEALED = 0, 1
_HEAD = len(_MAGIC) + 2
_FAST = 1  # what is large is compressed already


class Newer(Exception):
    """A newer version of this program wrote it."""


class Broken(Exception):
    """It is not what was written; only where no key is given can that be told from another key."""


class Unopened(Exception):
    """Another key, none where one is needed or one where none is, or a byte that was changed."""


def closed(content: bytes, bound: str, key: bytes | None, nonce: bytes) -> bytes:
    """The frame of `content`, which `bound` names. `nonce`: NONCE_BYTES random bytes, used once."""
    packed = zlib.compress(content, _FAST)
    head = _MAGIC + bytes((_VERSION, _PLAIN if key is None else _SEALED))
    if key is None:
        return head + packed
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return head + nonce + AESGCM(key).encrypt(nonce, packed, head + bound.encode())


def opened(frame: bytes, bound: str, key: bytes | None) -> bytes:
    """What was closed. Raises Newer, Broken, Unopened."""
    head, rest = frame[:_HEAD], frame[_HEAD:]
    if len(head) < _HEAD or not head.startswith(_MAGIC):
        raise Broken
    if head[-2] > _VERSION:
        raise Newer
    if (head[-1] == _PLAIN) != (key is None):
        raise Unopened
    try:
        return zlib.decompress(rest if key is None else _unsealed(head, rest, bound, key))
    except zlib.error:
        raise Broken from None


def _unsealed(head: bytes, rest: bytes, bound: str, key: bytes) -> bytes:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    try:
        return AESGCM(key).decrypt(rest[:NONCE_BYTES], rest[NONCE_BYTES:], head + bound.encode())
    except (InvalidTag, ValueError):
        raise Unopened from None
