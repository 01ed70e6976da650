"""The embedded CRM: one SQLite file that behaves as a hosted CRM does, rules, limits and faults included.

It knows its own words only (native types, wire texts, integer ids) and nothing of plans. `adapters.local` is the door
to it; the emulators stand on it. Nothing here makes a file before the first write.

Every name is imported when it is first asked for: a file that names the embedded CRM is checked without SQLite.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.localcrm.contacts import STATUSES, Result
    from reconciler.localcrm.crm import LocalCrm
    from reconciler.localcrm.errors import (
        AnswerLost,
        Down,
        LocalCrmError,
        Missing,
        Refused,
        Taken,
        TooManyCalls,
        Trouble,
        Unusable,
    )
    from reconciler.localcrm.kinds import KINDS
    from reconciler.localcrm.limits import Limits
    from reconciler.localcrm.objects import OBJECTS
    from reconciler.localcrm.quirks import Quirks

__all__ = [
    "KINDS",
    "OBJECTS",
    "STATUSES",
    "AnswerLost",
    "Down",
    "Limits",
    "LocalCrm",
    "LocalCrmError",
    "Missing",
    "Quirks",
    "Refused",
    "Result",
    "Taken",
    "TooManyCalls",
    "Trouble",
    "Unusable",
]

_ROOMS = {
    "contacts": ("STATUSES", "Result"),
    "crm": ("LocalCrm",),
    "errors": (
        "AnswerLost",
        "Down",
        "LocalCrmError",
        "Missing",
        "Refused",
        "Taken",
        "TooManyCalls",
        "Trouble",
        "Unusable",
    ),
    "kinds": ("KINDS",),
    "limits": ("Limits",),
    "objects": ("OBJECTS",),
    "quirks": ("Quirks",),
}


def __getattr__(name: str) -> object:
    room = next((room for room, names in _ROOMS.items() if name in names), None)
    if room is None:
        raise AttributeError(name)
    return getattr(import_module(f"{__name__}.{room}"), name)
