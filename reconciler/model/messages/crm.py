"""E3xx: the CRM does not do what it was asked. The class of an adapter's error chooses the code."""

from __future__ import annotations

from reconciler.model.messages.row import Message

CRM: tuple[Message, ...] = (
    Message(
        "E301",
        "the CRM refused the credentials",
        "Nothing can be read or written without them.",
        "check the credentials, and what they are allowed to do",
    ),
    Message(
        "E302",
        "another account answered than the file allows",
        "Links, digests and approvals belong to one account; in another one they would hit other people.",
        "check the credentials, or correct `crm.account`",
    ),
    Message(
        "E303",
        "the CRM does not answer",
        "It was asked several times, with growing pauses.",
        "run the same command again later: what was done is not done twice",
    ),
    Message(
        "E304",
        "the CRM keeps asking to wait",
        "Its limit for calls is used up, perhaps by another program.",
        "run the same command again later, or lower `crm.rate`",
    ),
    Message(
        "E305",
        "an answer of the CRM was lost",
        "The call may have been carried out or not; it is looked up before it is repeated.",
        "run the same command again: it looks before it writes",
    ),
    Message(
        "E306",
        "the CRM refused a record",
        "Its own rules for values are stricter than what was sent. Other records are not affected.",
        "correct the values in the source, or the field in the CRM",
    ),
    Message(
        "E307",
        "something is no longer in the CRM",
        "A contact, field or tag went away after it was read.",
        "run `reconciler plan` again: it reads what is there now",
    ),
    Message(
        "E308",
        "it exists in the CRM already",
        "Somebody created it after it was looked for.",
        "run `reconciler plan` again: it reads what is there now",
    ),
    Message(
        "E309",
        "the CRM gave an unexpected answer",
        "An answer that is not understood is never guessed at.",
        "run the same command again; if it stays, report it with the code and the endpoint",
    ),
    Message(
        "E310",
        "the CRM has no such object",
        "Which kinds of objects people can be is the CRM's.",
        "name others in `crm.object`; `reconciler adapters NAME` lists them",
    ),
    Message(
        "E320",
        "the CRM's file is of a newer version",
        "A newer release wrote it; an older one would damage what it does not know.",
        "use the release that wrote it, or a newer one",
    ),
    Message(
        "E321",
        "the file is not a CRM of this program",
        "It is another kind of file, or it is damaged, and it is left as it is.",
        "correct `crm.path`, or restore the file from a copy",
    ),
    Message(
        "E322",
        "the CRM's file cannot be used",
        "It cannot be opened or written where `crm.path` says.",
        "correct `crm.path`, or the permissions of the file and its folder",
    ),
    Message(
        "E323",
        "the CRM's address cannot be used",
        "Credentials are sent to an address only if it is certain whose it is, and that nobody reads along.",
        "correct `crm.url`: https://, the server's name, and the path of its API if it has one",
    ),
    Message(
        "E324",
        "the CRM's quota is used up",
        "It asks to wait for longer than a run should take, as where a day's calls are used up.",
        "run the same command again after that time: what was done is not done twice",
    ),
    Message(
        "E325",
        "the CRM sends us elsewhere",
        "Redirects are not followed, since the credentials would go to another server.",
        "correct `crm.url`: the address of the API itself",
    ),
    Message(
        "E326",
        "no safe connection to the CRM",
        "A server whose certificate is not trusted could be anybody; certificates are always checked.",
        "correct `crm.url`, or name your authority's certificate in the variable SSL_CERT_FILE",
    ),
    Message(
        "E327",
        "the CRM's list of records is not whole",
        "A page came twice, or the list changed while it was read. Nothing is planned on a part of the people.",
        "run the same command again; if it stays, report it with the endpoint",
    ),
    Message(
        "E328",
        "what the environment says of the network cannot be used",
        "Proxies and the certificates of authorities are taken from variables of the environment.",
        "correct or unset HTTPS_PROXY, ALL_PROXY, SSL_CERT_FILE and SSL_CERT_DIR, whichever is named",
    ),
    Message(
        "E330",
        "a field that was deleted in the CRM has that name",
        "A new one would bring the old one back, with its values, or be refused.",
        "restore the field in the CRM, or give the new one another name",
    ),
    Message(
        "E331",
        "the field that is to hold the tags cannot",
        "`crm.tags` names one whose options are the tags, and which holds several at once.",
        "correct `crm.tags`, or make such a field in the CRM",
    ),
    Message(
        "E335",
        "a deleted field of another type has the key",
        "This CRM keeps deleted fields and their keys, and never changes the type of one.",
        "give the field another key, or declare the type that the deleted one has",
    ),
    Message(
        "E390",
        "this CRM cannot list all of its contacts",
        "Planning compares everybody; without a list of contacts nobody can be compared.",
        "plan single people with --person ID",
    ),
)
