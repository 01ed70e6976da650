"""E600 to E614: the history of runs, and undoing them."""

from __future__ import annotations

from reconciler.model.messages.row import Message
from reconciler.model.problems import Level

HISTORY: tuple[Message, ...] = (
    Message(
        "E600",
        "no run of that name is remembered",
        "What runs wrote to whom is kept of the last 20 applies.",
        "`reconciler history` has the runs",
    ),
    Message(
        "E601",
        "nothing of that name is in the file",
        "`why` is about an entry of the file: the key of a field as it stands under `fields`, or `tag:NAME`.",
        "name an entry of the file; a tag is written `tag:NAME`",
    ),
    Message(
        "E602",
        "what a run wrote cannot be read",
        "The file is damaged, or a newer version of this program wrote it. Plans and applies do not depend on it.",
        "remove what is kept with `reconciler status --forget runs`",
    ),
    Message(
        "E603",
        "the values from before cannot be read",
        "They are encrypted, with the secret of `history.key` as it was at that run, or else with the key of the state"
        " folder; or the file was changed since.",
        "give `history.key` the secret that it had then",
    ),
    Message(
        "E604",
        "the values from before that run are not kept",
        "An apply keeps what it overwrites only where somebody asks for that, and not for ever: it is people's data.",
        "write `history: {undo: true}` into the file, or apply with --keep-undo; then that apply can be undone",
    ),
    Message(
        "E605",
        "nobody of that name is in the source",
        "A person is named by the column of `identity.person`.",
        "write the id as it stands in that column; `--offline` asks only what is remembered",
    ),
    Message(
        "E606",
        "values were touched since the run and are left",
        "Only what the CRM still holds as the run left it is put back; somebody else's change is theirs.",
        "look at them in the CRM; `reconciler why PERSON FIELD` names who wrote what",
        Level.WARNING,
    ),
    Message(
        "E607",
        "contacts that the run created stay",
        "This program deletes no contact. What was filled in them stays, too, unless asked otherwise.",
        "empty what the run filled in them with --clear-created, or delete them in the CRM",
        Level.WARNING,
    ),
    Message(
        "E608",
        "fields, options and tags that the run made stay",
        "An undo puts back values and taggings; fields and tags are declared, not undone.",
        "declare them `absent: true` and apply, if they are to go; a renamed one is renamed back with `renamed_from`",
        Level.WARNING,
    ),
    Message(
        "E609",
        "values that the run wrote into the source stay",
        "An undo writes to the CRM alone: your side is yours.",
        "restore the source from its own copy; a file's is beside it, NAME.bak",
        Level.WARNING,
    ),
    Message(
        "E610",
        "values that nobody can put back",
        "What stood there was unreadable, the contact was found instead of created, or the CRM has no such field now.",
        "set them in the CRM by hand",
        Level.WARNING,
    ),
    Message(
        "E611",
        "the contacts of some writes are gone",
        "They were deleted or merged into others since the run, or the run did not come to tell which they are.",
        "nothing is to be done for them",
        Level.WARNING,
    ),
    Message(
        "E612",
        "the next apply would write the same again",
        "An undo changes the CRM, not the file: the next plan shows these values as changes once more.",
        "revert the change of the file, or of the source, before the next apply",
        Level.WARNING,
    ),
)
