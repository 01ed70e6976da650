"""Findings about people and their values: what is left as it is while everything else goes on."""

from __future__ import annotations

from reconciler.model.messages.row import Message
from reconciler.model.problems import Level

_W = Level.WARNING

FINDINGS: tuple[Message, ...] = (
    Message(
        "R201",
        "people without an id",
        "The column that `identity.person` names is empty in these rows, so nobody can be told apart by it.",
        "fill the column, or name one that is never empty in identity.person",
        _W,
    ),
    Message(
        "R202",
        "several rows have the same person id",
        "Which of the rows is right cannot be known, so none of them is written.",
        "make identity.person unique in the source: remove the extra rows, or choose another column",
        _W,
    ),
    Message(
        "R203",
        "several people have the same e-mail",
        "They would all become one contact, and would overwrite each other; none of them is written.",
        "give each person an e-mail of their own, or leave all but one out of scope with contacts.when",
        _W,
    ),
    Message(
        "R204",
        "values are unreadable",
        "The value does not fit the field's type, so the CRM keeps what it has; the person's other values go on.",
        "correct the values in the source, or say how they are written: format, map, options, region or another type",
        _W,
    ),
    Message(
        "R205",
        "an expression is unknown for some people",
        "It met an empty or an error there. A tag is then neither applied nor taken away, a value not written, a person"
        " not in scope.",
        "say what an empty means, for example `points != null && points > 10`; a column is text unless source.types"
        " says otherwise",
        _W,
    ),
    Message(
        "R206",
        "several contacts have the person's e-mail",
        "Which of them is meant cannot be known, so none is written.",
        "merge the contacts in the CRM",
        _W,
    ),
    Message(
        "R207",
        "the linked contact does not exist any more",
        "The person was linked to a contact that the CRM no longer has, or the column that `identity.link` names holds"
        " an id that no contact has. Nobody is created again unasked.",
        "restore the contact in the CRM, correct the column, or say with `contacts.gone` what shall become of them",
        _W,
    ),
    Message(
        "R208",
        "the e-mail belongs to another person's contact",
        "The person has no contact yet, and the contact with that e-mail is linked to somebody else, who may not be in"
        " the source any more, or holds the id of somebody else in the source. It is not taken over: it would get"
        " another person's values.",
        "correct the e-mail in the source, or the one of the contact in the CRM; if both are one person with a new id,"
        " forget the links with `reconciler status --forget`",
        _W,
    ),
    Message(
        "R209",
        "several people are linked to one contact",
        "They would overwrite each other; none of them is written. Links lead to one contact after a merge in the CRM,"
        " or where the column of `identity.link` has one id twice.",
        "make the people one in the source, correct the column, or forget links with `reconciler status --forget`",
        _W,
    ),
    Message(
        "R210",
        "people without an e-mail",
        "They are linked to no contact, and without an e-mail none can be looked up or created.",
        "fill the e-mail in the source, or leave these people out with contacts.when",
        _W,
    ),
    Message(
        "R211",
        "the new e-mail belongs to another contact",
        "The person's e-mail changed to one that another contact has and does not lose in this run: nobody in the"
        " source leaves it, or who does was not asked for. The address is not written; other values are.",
        "merge the two contacts in the CRM, or correct the e-mail in the source",
        _W,
    ),
    Message(
        "R212",
        "stored values cannot be read as the field's type",
        "The CRM holds something there that the declared type cannot read. Only `push: always` writes over it.",
        "correct the values in the CRM, or declare another type",
        _W,
    ),
    Message(
        "R213",
        "people carry a tag that becomes ours, though its rule says no",
        "On the first apply that manages a tag, nobody loses it: somebody may have given it by hand.",
        "leave it so, or take the tag away from them with --allow untag=N",
        _W,
    ),
    Message(
        "R214",
        "more new tags than max_new",
        "One tag is made for each value. So many new ones are rarely meant, so none is created and these people keep"
        " the tags that they have.",
        "raise max_new, or choose a column with fewer values",
        _W,
    ),
    Message(
        "R215",
        "a tag from a value is taken",
        "It differs from another tag only in case, spaces or HTML entities, or it belongs to another entry of the file."
        " Such names are one tag to people, and a tag has one owner: it is neither created nor applied, and these"
        " people lose none of the tags that they have.",
        "write the value in the source like the tag that is there, or give the entry a prefix of its own",
        _W,
    ),
    Message(
        "R219",
        "e-mails go round in a circle",
        "These people take each other's address, two who swap them for example. A CRM that has each address once cannot"
        " be told so one after the other, so their addresses are not written; other values are.",
        "give one of the contacts any other address in the CRM: the next apply then writes all of them, one after the"
        " other",
        _W,
    ),
    Message(
        "R221",
        "the column and the remembered link name two contacts",
        "The column that `identity.link` names decides, as long as the CRM has that contact; the next apply remembers"
        " it.",
        "nothing is needed where the column is right; else correct it in the source",
        _W,
    ),
    Message(
        "R222",
        "several contacts hold the person's id",
        "The field of `identity.store` holds one id in several contacts. Which of them is meant cannot be known, so"
        " none is written.",
        "merge the contacts in the CRM, or clear the field in all but one of them",
        _W,
    ),
    Message(
        "R223",
        "the contact belongs to another person already",
        "A remembered link or a stored id leads to a contact that a stronger sign gives to somebody else: the column of"
        " `identity.link`, then the remembered link, then the stored id.",
        "correct the column or the stored id that is wrong, or merge the people in the source",
        _W,
    ),
    Message(
        "R224",
        "the person's id is not stored",
        "The linked contact holds the id of somebody else in the source, or another contact holds this person's id."
        " What is stored stays; the person's other values are written.",
        "correct the field of `identity.store` in the CRM, or merge the contacts there",
        _W,
    ),
    Message(
        "R230",
        "both sides have another value",
        "The value changed here and in the CRM since both last agreed, or nothing is remembered of that, and the file"
        " does not say who wins. Nothing is written on either side.",
        "say it once with `apply --resolve FIELD=source` or `FIELD=crm`, or for ever with `conflict` in the entry",
        _W,
    ),
    Message(
        "R231",
        "values of the CRM that the source has no text for",
        "Written into the source, the value would be read as another one there, so it is not pulled.",
        "correct the value in the CRM, or say in the entry how the source writes such values",
        _W,
    ),
    Message(
        "R232",
        "both sides differ, and nothing is remembered of what they agreed on",
        "On a first run, or where the state was lost, nobody can tell which side was changed. Where both hold"
        " something, the file's `conflict` decides.",
        "look at these rows before you apply; with `conflict: report` nothing is written on either side",
        _W,
    ),
    Message(
        "R225",
        "an address of the CRM belongs to another person of the source",
        "Pulled, it would give two people of the source one address, and neither could be looked up by it any more. It"
        " is not pulled; other values are.",
        "correct the address in the CRM, or of the other person in the source",
        _W,
    ),
)
