"""Messages about shared state: E580 to E594."""

from __future__ import annotations

from reconciler.model.messages.row import Message
from reconciler.model.problems import Level

SHARED: tuple[Message, ...] = (
    Message(
        "E580",
        "another apply has the lease of the shared state",
        "Two of them could create a contact twice. Who died without giving it back loses it when it runs out.",
        "wait until it has ended or its lease has run out; if you know that it is gone, `reconciler status --release`",
    ),
    Message(
        "E581",
        "the shared state cannot be reached",
        "Without it nothing is known of earlier runs, and an apply may not write what it cannot write down.",
        "look at the address and the network, then run it again: it goes on from there",
    ),
    Message(
        "E582",
        "the shared state refuses the credentials, or what they want to do",
        "A database user needs to read and write the tables, and to make them once; a bucket's user needs to list it,"
        " and to get, put and delete objects.",
        "correct the credentials, or grant what is missing: docs/state.md has the words",
    ),
    Message(
        "E583",
        "the place of the shared state does not exist",
        "Tables are made with the first apply; databases, schemas and buckets are not.",
        "make the database, the schema or the bucket, or correct its name",
    ),
    Message(
        "E584",
        "the lease of the shared state was lost",
        "This run was silent for longer than its lease lasts, and another one has taken its place. Nothing more is"
        " written here; what was written is journalled, and the other run looks at it before it goes on.",
        "let the other run end, then plan again; give slow machines more time with `state.lease`",
    ),
    Message(
        "E585",
        "the shared state was written by a newer version of this program",
        "An older program could misread what a newer one keeps.",
        "use the newer version, or another `state.name`",
    ),
    Message(
        "E586",
        "the shared state cannot be opened with this key",
        "It was sealed with another key, or with one while the file names none, or the other way round; or a byte of it"
        " was changed. It is not taken for lost, as then what it knows would be done again.",
        "give the key with which it was made; if it is gone, remove the state by hand: that costs one full read",
    ),
    Message(
        "E587",
        "the shared state is damaged",
        "What it says cannot be trusted, so nothing is planned on it.",
        "put it back from a backup, or remove it by hand: that costs one full read, and creating contacts then needs"
        " --allow create=N",
    ),
    Message(
        "E588",
        "the package for this shared state is not installed",
        "Each type of state needs a package of its own, which others do not need.",
        "install the extra: pip install 'crm-reconciler[postgres]' or 'crm-reconciler[s3]'",
    ),
    Message(
        "E589",
        "the shared state is empty, and this folder was a copy of one that was not",
        "It was removed, or the file names another place now. What the copy held is thrown away, as it may be old.",
        "nothing is needed: all contacts are read once; creating some then needs --allow create=N",
        Level.WARNING,
    ),
    Message(
        "E590",
        "the server of the shared state does not heed conditions",
        "Without If-None-Match and If-Match two applies could write at once.",
        "use a server that has conditional writes, or `type: postgres`",
    ),
    Message(
        "E591",
        "the shared state answered with an error",
        "What it said is not shown, as it may quote what is kept there.",
        "look into the log of the database or the bucket; docs/state.md says what is asked of it",
    ),
    Message(
        "E592",
        "the shared state changes faster than it can be read",
        "Applies end one after the other, and each replaces what is there.",
        "run it again",
    ),
)
