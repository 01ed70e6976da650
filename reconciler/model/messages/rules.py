"""R1xx: rules about the file as a whole. `name` is what the file's `rules:` section calls them."""

from __future__ import annotations

from reconciler.model.messages.row import Message
from reconciler.model.problems import Level

RULES: tuple[Message, ...] = (
    Message(
        "R101",
        "the e-mail field is not mapped",
        "People are looked up in the CRM by this field; without a value nobody is found and nobody can be created.",
        "map the field that `identity.match` names, for example `email: user_email`",
        name="email-mapped",
    ),
    Message(
        "R102",
        "the identity cannot work",
        "What identifies a person must reach the CRM as it is.",
        "map the identity field straight from a column, and let it be pushed",
        name="identity-mapped",
    ),
    Message(
        "R103",
        "one field is filled twice",
        "Names that differ only in case, spaces or HTML entities are one field to most CRMs; the later one would win.",
        "keep one of the entries",
        name="field-filled-once",
    ),
    Message(
        "R104",
        "one tag has two owners",
        "Each owner would take away what the other applies, for ever.",
        "let one entry alone decide about the tag",
        name="tag-one-owner",
    ),
    Message(
        "R105",
        "a score cannot be held back, only unmapped",
        "A score that is sometimes sent is wrong most of the time.",
        "remove `push`, or remove the entry",
        name="score-push",
    ),
    Message(
        "R106",
        "no score is mapped",
        "Some CRMs expect at least one score.",
        "add an entry under `fields` with `score: NAME`",
        level=Level.OFF,
        name="score-mapped",
    ),
    Message(
        "R107",
        "a score that no field uses",
        "It is computed for nobody.",
        "map it with `score: NAME` under `fields`, or remove it",
        level=Level.WARNING,
        name="score-used",
    ),
    Message(
        "R108",
        "an unknown source column",
        "A missing column is an error, never an empty value: it would look like every person's value being gone.",
        "correct its spelling, or add it to the source",
        name="source-column",
    ),
    Message(
        "R109",
        "passwords are never sent",
        "A password or its hash has no place in a CRM.",
        "remove the entry",
        name="no-passwords",
    ),
    Message(
        "R110",
        "empties count in a raw field",
        "`raw` pushes empties too: a blank in the source clears the CRM's value.",
        "choose another type if a blank should leave the CRM's value alone, or set `raw-empties: off` under `rules`",
        level=Level.WARNING,
        name="raw-empties",
    ),
    Message(
        "R111",
        "a person is named by the e-mail address",
        "Whoever changes the address becomes another person, and a second contact is made.",
        "name a column under `identity.person` that never changes, such as an id",
        level=Level.WARNING,
        name="person-is-email",
    ),
    Message(
        "R112",
        "consent is a checkbox",
        "Only true and false can say whether somebody opted out.",
        "write `type: checkbox`",
        name="consent-checkbox",
    ),
    Message(
        "R113",
        "a key that the field's type does not use",
        "It would have no effect on values of this type.",
        "remove the key, or change `type`",
        name="key-fits-type",
    ),
    Message(
        "R114",
        "a rename from a name that is still declared",
        "One entry asks for the old name to go, the other for it to stay.",
        "remove the old entry, or remove `renamed_from`",
        name="rename-once",
    ),
    Message(
        "R115",
        "tags from a column that names people",
        "There would be one tag for each person, and personal data in tag names.",
        "choose a column with few different values",
        name="tag-column",
    ),
    Message(
        "R119",
        "the previous e-mail is not mapped onto the e-mail",
        "The previous e-mail is what the e-mail was before a plan changes it: mapped onto the e-mail itself, nobody"
        " would have an address any more.",
        "map the e-mail from a column, and give the previous e-mail a field of its own",
        name="previous-email",
    ),
    Message(
        "R120",
        "a field that cannot be pulled",
        "A value that comes back needs a column of its own to go into; the person's name is never changed.",
        "remove `pull`, or fill the field straight from a column",
        name="pull-column",
    ),
    Message(
        "R121",
        "one column takes the values of two fields",
        "What one field brings back the other would overwrite.",
        "pull one of the two",
        name="pull-once",
    ),
    Message(
        "R122",
        "a conflict that cannot come up",
        "Without `pull` our side is the only one that writes.",
        "remove `conflict`, or let the field be pulled",
        name="conflict-used",
    ),
    Message(
        "R123",
        "the source takes no values back",
        "Pulled values are written into the source.",
        "remove `pull`, or let the source be written",
        name="source-written",
    ),
    Message(
        "R132",
        "a joined column takes no values back",
        "It is computed from rows of other tables, and none of them could be written so that it becomes the value.",
        "remove `pull`, or write `pull: false` where it stands under `defaults`",
        name="joined-pulled",
    ),
)

ALWAYS: frozenset[str] = frozenset(
    {
        "consent-checkbox",
        "email-mapped",
        "identity-mapped",
        "joined-pulled",
        "key-fits-type",
        "no-passwords",
        "previous-email",
        "pull-column",
        "pull-once",
        "rename-once",
        "source-column",
        "source-written",
        "tag-column",
        "tag-one-owner",
    }
)
"""Rules whose level cannot be lowered: without them what follows would be wrong or unsafe."""
