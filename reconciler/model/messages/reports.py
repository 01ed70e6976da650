"""Messages about reports, and about what a report marks beside a line of the file: E95x."""

from __future__ import annotations

from reconciler.model.messages.row import Message
from reconciler.model.problems import Level

REPORTS: tuple[Message, ...] = (
    Message(
        "E950",
        "a report cannot be written",
        "What the command did stands, and so does what it printed; one view of it is missing.",
        "check the folder, its permissions and the space on the disk; `reconciler show` with the same `--report` writes"
        " it from what is kept",
    ),
    Message(
        "E951",
        "this CRM cannot do what the file says",
        "The entry is left out of every apply, and what waits for it with it; all else goes on.",
        "change it by hand in the CRM, or say in the file what is there",
        Level.WARNING,
    ),
    Message(
        "E952",
        "somebody else moved what was written",
        "Values and tags were changed in the CRM since the last apply, while the people's own data stayed the same.",
        "look at `reconciler plan` for what the next apply does about it",
        Level.WARNING,
    ),
)
