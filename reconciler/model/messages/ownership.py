"""Messages about what several files own (R32x, E540); see the package's docstring for the codes."""

from __future__ import annotations

from reconciler.model.messages.row import Message
from reconciler.model.problems import Level

OWNERSHIP: tuple[Message, ...] = (
    Message(
        "R320",
        "another file owns it too",
        "Two files that fill one field or decide about one tag undo each other's work with every apply. A file owns"
        " what it was applied with; one that was never applied, or does not exist any more, owns nothing.",
        "let one file own it: take it out of the other one and apply that, or forget what an unused file owns with"
        " `reconciler status --forget fields` for that file. Where no person is in both sources, `one-owner: warning`"
        " under `rules` lets both go on",
        name="one-owner",
    ),
    Message(
        "R321",
        "another file may overwrite the field that people are looked up by",
        "Every file needs it to look people up, so it may be shared. But where the two sources have different addresses"
        " of one person, each apply writes its own.",
        "write `push: on_create` beside it in all files but one; they look people up by it all the same",
        Level.WARNING,
        "match-shared",
    ),
    Message(
        "E540",
        "what another file owns cannot be told",
        "Its state lies beside this one, and is damaged, not readable or of a newer version of this program. Nothing is"
        " refused because of it.",
        "run `plan` with the other file to see what is wrong; move the folder away if nobody needs it",
        Level.WARNING,
    ),
)
