"""Approvals: what a saved plan allows an apply to do, one keyed digest a change; and how much of it was still to do.

A digest covers address, action, before and after, so that an apply that plans again can tell what was reviewed. No
value of a person is here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import pyarrow as pa

from reconciler.model.plan import CAUSES

ACTIONS: tuple[str, ...] = ("create", "set", "clear", "pull", "apply", "remove")
WHATS: tuple[tuple[str, str], ...] = tuple((action, cause) for action in ACTIONS for cause in ("", *CAUSES))
"""What happens and why, by number. Taggings and creations have no cause of their own. It stands in files: only add at
the end."""

APPROVALS: pa.Schema = pa.schema(
    [
        pa.field("contact", pa.int64(), nullable=False),  # 48 bits of the keyed digest of the person's id
        pa.field("subject", pa.int32(), nullable=False),  # index into `Approvals.subjects`
        pa.field("what", pa.int16(), nullable=False),  # index into WHATS
        pa.field("digest", pa.int64(), nullable=False),  # 64 bits: is it the change that was reviewed
    ]
)
"""One line a change of a person. A creation has one of its own beside its parts, for nobody approved half a contact."""


@dataclass(frozen=True, slots=True)
class InventoryApproval:
    """One change of the inventory. `touches`: keys and names that are others once it is carried out."""

    address: str
    action: str
    digest: str
    touches: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Approvals:
    """Everything that was approved. `subjects`: "" for the contact itself, else what stands behind the contact in an
    address. `people()`: batches of schema APPROVALS, in the order of contacts, as often as it is called. `touched`:
    what the file's fields and tags were in the CRM when it was planned, address -> digest."""

    inventory: tuple[InventoryApproval, ...] = ()
    subjects: tuple[str, ...] = ("",)
    people: Callable[[], Iterator[pa.RecordBatch]] = lambda: iter(())
    touched: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Approved:
    """A saved plan beside the plan that was made of the same file again, in changes. `approved`: those of the saved
    plan; `pending`: those of them that are still to do; `already`: those that need nothing any more; `new`: changes
    that nobody approved, `contacts` of them people's: they are left for the next plan."""

    id: str
    at: str
    approved: int = 0
    pending: int = 0
    already: int = 0
    new: int = 0
    contacts: int = 0


def contact_name(number: int) -> str:
    """How an address names a contact."""
    return f"contact.{number:012x}"
