"""The embedded CRM: one SQLite file that behaves as a hosted CRM does, rules, limits and faults included.

It knows its own words only (native types, wire texts, integer ids) and nothing of plans. `adapters.local` is the door
to it; the emulators stand on it. Nothing here makes a file before the first write.
"""

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
from reconciler.localcrm.quirks import Quirks

__all__ = [
    "KINDS",
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
