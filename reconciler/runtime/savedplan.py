"""Saved plans: one file that says what was approved, of which nothing can be read of a person and nothing be changed.

Parquet: one line a change of a person, in the order of contacts; in the metadata a header with the plan's document, its
clock, the options it was made with, its key's fingerprint and a seal over everything. Whoever has the key can tell
whether a change is one of those; nobody else can, nor can they write such a file.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from hmac import compare_digest
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from reconciler.model.addresses import list_address, tag_address
from reconciler.model.approvals import APPROVALS, WHATS, Approvals, InventoryApproval, contact_name
from reconciler.model.messages import problem
from reconciler.model.problems import Exit, Failure, Place
from reconciler.runtime.disk import is_full, write_whole
from reconciler.runtime.request import Request

if TYPE_CHECKING:
    from reconciler.report.shapes import PlanDocument

FORMAT = "reconciler-saved-plan/1"
KEY_VARIABLE = "RECONCILER_PLAN_KEY"
LEAST_KEY = 32
"""Characters of a key that two jobs share."""
LASTS = timedelta(hours=24)
_HEADER = b"reconciler"
_ROWS = 65_536
_LAYOUT: Mapping[str, Any] = {
    # The numbers of contacts ascend, so that their differences are short; digests cannot be made shorter.
    "column_encoding": {"contact": "DELTA_BINARY_PACKED", "digest": "PLAIN"},
    "use_dictionary": ["subject", "what"],
    "compression": "zstd",
}
_REPLAYED = ("target", "exclude", "allow", "resolve", "relink")


@dataclass(frozen=True, slots=True)
class SavedPlan:
    """What a file says. `id`: of this saving, no other has it. `at`: when it was made, by the real clock, UTC.
    `sealed`: it is as it was written with the key that is at hand; None where that is another one."""

    path: Path
    id: str
    at: datetime
    options: Mapping[str, Any]
    document: PlanDocument
    approvals: Approvals
    sealed: bool | None

    def replay(self, request: Request) -> Request:
        """The request that the plan was made with; limits may be raised further."""
        said = self.options
        return replace(
            request,
            now=datetime.fromisoformat(said["now"]),
            target=tuple(said["target"]),
            exclude=tuple(said["exclude"]),
            allow={**said["allow"], **request.allow},
            resolve=said["resolve"],
            relink=said["relink"],
        )

    def lines(self) -> Iterator[str]:
        """The file as JSON Lines: a header without the document, then one object a change, inventory first."""
        document, places = self.document, self._places()
        head = {"format": FORMAT, "id": self.id, "at": self.at.isoformat(), "file": document.file}
        yield json.dumps({**head, "account": document.account, "config": document.config, "now": document.now})
        for a in self.approvals.inventory:
            row = {"address": a.address, "action": a.action, "where": places.get(a.address), "digest": a.digest}
            yield json.dumps(row)
        where = [places.get(subject.removeprefix(".")) for subject in self.approvals.subjects]
        for batch in self.approvals.people():
            for contact, subject, what, digest in zip(*(c.to_pylist() for c in batch.columns), strict=True):
                action, cause = WHATS[what]
                address = contact_name(contact) + self.approvals.subjects[subject]
                row = {"address": address, "action": action, "cause": cause or None, "where": where[subject]}
                yield json.dumps({**row, "digest": digest.to_bytes(8, "little", signed=True).hex()})

    def _places(self) -> dict[str, str | None]:
        """The line of the file behind an address of the inventory, and behind what follows a contact in one."""
        document = self.document
        places = {change.address: change.where for change in document.changes}
        places |= {field.key: field.where for field in document.fields}
        return places | {
            address: tag.where for tag in document.tags for address in (tag_address(tag.name), list_address(tag.name))
        }


def plan_key(env: Mapping[str, str], secret: bytes) -> bytes:
    """The key of approvals: that of RECONCILER_PLAN_KEY, or one made of this folder's. Raises Failure E570."""
    shared = env.get(KEY_VARIABLE, "").strip()
    if not shared:
        return blake2b(b"plans", key=secret, digest_size=32).digest()
    if len(shared) < LEAST_KEY:
        raise Failure(problem("E570", f"{len(shared)} characters, at least {LEAST_KEY} are needed"))
    return blake2b(shared.encode("utf-8", "surrogateescape"), digest_size=32, person=b"plans").digest()


def saved_plan(request: Request, path: Path) -> SavedPlan:
    """A saved plan to look at; neither door is opened. Raises Failure E560, E566."""
    here = request.folder.exists()
    known = here or request.env.get(KEY_VARIABLE, "").strip()
    return read_plan(path, plan_key(request.env, request.folder.key() if here else b"") if known else None)


def write_plan(path: Path, request: Request, document: PlanDocument, approvals: Approvals, key: bytes) -> None:
    """Whole or not at all. Raises Failure E561, E509."""
    batches = list(approvals.people())
    moment = request.clock.now().astimezone(UTC)
    header: dict[str, Any] = {
        "format": FORMAT,
        "at": moment.isoformat(),
        "nonce": request.token_bytes(8).hex(),
        "key": _fingerprint(key),
        "options": {"now": request.moment.isoformat(), **{name: _plain(getattr(request, name)) for name in _REPLAYED}},
        "whats": WHATS,
        "subjects": approvals.subjects,
        "inventory": [asdict(approval) for approval in approvals.inventory],
        "touched": approvals.touched,
        "document": document.model_dump(mode="json"),
    }
    header["seal"] = _seal(header, batches, key)
    sink = pa.BufferOutputStream()
    with pq.ParquetWriter(sink, APPROVALS, **_LAYOUT) as file:
        for batch in batches:
            file.write_batch(batch)
        file.add_key_value_metadata({_HEADER.decode(): json.dumps(header)})
    try:
        write_whole(path, sink.getvalue())
    except OSError as error:
        raise Failure(problem("E509") if is_full(error) else problem("E561", where=Place(str(path)))) from None


def read_plan(path: Path, key: bytes | None) -> SavedPlan:
    """What the file says. `key`: None where none is at hand. Raises Failure E560, and E566 where the key is the right
    one and the seal is not."""
    from pydantic import ValidationError

    from reconciler.report.shapes import PlanDocument

    where = Place(str(path))
    try:
        with pq.ParquetFile(path) as file:
            header = json.loads((file.metadata.metadata or {})[_HEADER])
            if header["format"] != FORMAT:
                raise Failure(problem("E560", f"its format is not {FORMAT}", where))
            document = PlanDocument.model_validate(header["document"])
            approvals = Approvals(
                tuple(InventoryApproval(**{**row, "touches": tuple(row["touches"])}) for row in header["inventory"]),
                tuple(header["subjects"]),
                lambda: _people(path),
                dict(header["touched"]),
            )
            at, seal, options = datetime.fromisoformat(header["at"]), str(header["seal"]), dict(header["options"])
            known = key is not None and header["key"] == _fingerprint(key)
            sealed = compare_digest(_seal(header, _people(path), key), seal) if key is not None and known else None
    except FileNotFoundError:
        raise Failure(problem("E560", "there is no such file", where)) from None
    except (OSError, pa.ArrowException, ValueError, KeyError, TypeError, AttributeError, ValidationError):
        raise Failure(problem("E560", where=where)) from None
    if sealed is False:
        raise Failure(problem("E566", where=where), Exit.REFUSED)
    return SavedPlan(path, seal[:16], at, options, document, approvals, sealed)


def _people(path: Path) -> Iterator[pa.RecordBatch]:
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(_ROWS):
            yield batch.cast(APPROVALS)


def _fingerprint(key: bytes) -> str:
    return blake2b(b"fingerprint", key=key, digest_size=8).hexdigest()


def _seal(header: Mapping[str, Any], batches: Any, key: bytes) -> str:
    """Over the header and every line, however the file is laid out."""
    said = json.dumps({k: v for k, v in header.items() if k != "seal"}, sort_keys=True, separators=(",", ":"))
    columns = [blake2b(key=key, digest_size=32, person=name.encode()) for name in APPROVALS.names]
    for batch in batches:
        for made, column in zip(columns, batch.columns, strict=True):
            width = column.type.bit_width // 8
            start = column.offset * width
            made.update(memoryview(column.buffers()[1] or b"")[start : start + len(column) * width])
    whole = blake2b(said.encode("utf-8", "surrogatepass"), key=key, digest_size=32, person=b"saved plan")
    for made in columns:
        whole.update(made.digest())
    return whole.hexdigest()


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else dict(value) if isinstance(value, Mapping) else value
