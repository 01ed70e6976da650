"""Messages about a CRM's inventory (R3xx); see the package's docstring for the codes."""

from __future__ import annotations

from reconciler.model.messages.row import Message
from reconciler.model.problems import Level

INVENTORY: tuple[Message, ...] = (
    Message(
        "R301",
        "a CRM field is unknown and cannot be created",
        "This CRM's fields are made by hand. Until the field exists its values go nowhere; a field of nearly that name "
        "may be the one that is meant.",
        "create the field in the CRM, or correct the key",
        Level.WARNING,
        "unknown-field",
    ),
    Message(
        "R302",
        "a rename is done, its line can go",
        "The old name is gone and the new one is there. If somebody makes a field or tag of the old name again, the "
        "line would stop the entry.",
        "remove the line `renamed_from`",
        Level.WARNING,
        "renamed",
    ),
    Message(
        "R303",
        "a tag of the CRM differs from a declared one only in case, spaces or HTML entities",
        "Such names are one tag to people, and to most CRMs. A second one would split the people who carry it.",
        "write the name as the CRM has it, or rename or remove one of the two in the CRM",
        Level.WARNING,
        "tag-twin",
    ),
    Message(
        "R304",
        "the field that people are looked up by does not exist in the CRM",
        "Without it every person looks new, and every creation may be a second contact.",
        "set `identity.match` to the CRM field that holds the e-mail address",
    ),
    Message(
        "R305",
        "contacts cannot be created with that status",
        "A contact created with another status than the file asks for might be subscribed to mail.",
        "use a status that this CRM knows, or take `contacts.status` out of the file",
    ),
    Message(
        "R306",
        "a field that this CRM requires is not filled",
        "The CRM refuses every new contact without it.",
        "map a column to the field, or leave creation out with `contacts.create: false`",
        Level.ERROR,
        "required-field",
    ),
)
