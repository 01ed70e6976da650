"""Why people are left alone."""

from __future__ import annotations

from enum import IntEnum


class Aside(IntEnum):
    """Why a person is left alone."""

    NO_PERSON = 1  # the column that names the person is empty
    SAME_PERSON = 2  # several rows have the same person id
    SAME_MATCH = 3  # several people have the same e-mail
    MANY_CONTACTS = 4  # several contacts have the person's e-mail
    SHARED_CONTACT = 5  # several people are linked to one contact
    GONE = 6  # the linked contact does not exist any more
    TAKEN = 7  # the e-mail belongs to a contact that is linked to somebody else
    NO_MATCH = 8  # not linked, and no e-mail to look up
    MANY_STORED = 9  # several contacts hold the person's id
    GIVEN_AWAY = 10  # a link or a stored id leads to a contact that a stronger sign gives to somebody else
