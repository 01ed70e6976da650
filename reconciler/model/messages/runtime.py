"""Messages about state, apply and the machine: E5xx."""

from __future__ import annotations

from reconciler.model.messages.row import Message
from reconciler.model.problems import Level

RUNTIME: tuple[Message, ...] = (
    Message(
        "E501",
        "the state folder cannot be used",
        "Links, the journal and the lock live there; without them an apply could not be resumed.",
        "make the folder writable, or choose another one with --state DIR",
    ),
    Message(
        "E502",
        "the state is damaged",
        "Links and what was last agreed cannot be trusted, so nothing is planned on them.",
        "move the named file away; the next plan rebuilds what it can by one full read, and creating contacts"
        " then needs --allow create=N",
    ),
    Message(
        "E503",
        "the state was written by a newer version of this program",
        "An older program could misread what a newer one keeps.",
        "use the newer version, or another folder with --state DIR",
    ),
    Message(
        "E504",
        "the journal is damaged",
        "It says which creations have an unknown outcome; without it a contact could be created twice.",
        "look at the CRM for contacts that the last apply created, then move the named file away and run plan",
    ),
    Message(
        "E505",
        "the journal was written by a newer version of this program",
        "An older program could misread what a newer one keeps.",
        "use the newer version, or another folder with --state DIR",
    ),
    Message(
        "E506",
        "the key file of the state is damaged",
        "All that the state remembers of people is kept as digests under this key.",
        "put the right key file back from a backup, or move the state folder away and rebuild it by one full read",
    ),
    Message(
        "E507",
        "another apply runs",
        "Two of them could create a contact twice.",
        "wait until it has ended; its lock goes with its process",
    ),
    Message(
        "E508",
        "this system has no file locks that go with their process",
        "Without one, two applies could run at once.",
        "run apply on Linux or macOS; plan and validate work here",
    ),
    Message(
        "E509",
        "the disk is full",
        "Planning spills to disk, and an apply may not go on without its journal.",
        "free space where the state folder lies, or choose another place with --state DIR, and run it again;"
        " what was written to the CRM is remembered",
    ),
    Message(
        "E510",
        "the state belongs to another account and was set aside",
        "Links of one account mean nothing in another one.",
        "nothing is needed: it comes back with its account; set `crm.account` to refuse other accounts",
        Level.WARNING,
    ),
    Message(
        "E511",
        "the state was made with another key and was set aside",
        "Without its key, what it remembers of people cannot be read.",
        "put the former key file and the set-aside files back, or let this full read rebuild the links",
        Level.WARNING,
    ),
    Message(
        "E512",
        "an earlier run did not finish",
        "What it left over is planned again; creations whose answer was lost are looked up before they are repeated.",
        "nothing is needed: the next apply goes on from there",
        Level.WARNING,
    ),
    Message(
        "E513",
        "an apply runs at this moment",
        "This plan may show changes that are being made right now.",
        "run plan again when the apply has ended",
        Level.WARNING,
    ),
    Message(
        "E514",
        "a limit is exceeded",
        "Limits keep a mistake in the file or the data from reaching everybody at once.",
        "look at the plan; then raise the limit in the file, allow it once with --allow, or for a while under `allow`",
    ),
    Message(
        "E515",
        "a finding of level error stands",
        "The file's rules say that nothing is written while it does.",
        "settle the finding, or set its rule to warning",
    ),
    Message(
        "E516",
        "the apply was interrupted",
        "The call in flight was ended, the rest was not begun.",
        "run apply again: it goes on from there",
        Level.WARNING,
    ),
    Message(
        "E517",
        "the number of calls allowed is used up",
        "--max-calls counts reads and writes.",
        "run apply again to go on, with a larger --max-calls if reading alone needs that many",
        Level.WARNING,
    ),
    Message(
        "E519",
        "a change of fields or tags failed",
        "Values and taggings that depend on it were not written.",
        "mend the field or tag in the CRM, then run apply again",
    ),
    Message(
        "E520",
        "the state is busy",
        "Another program holds the state's files for too long.",
        "wait for the other run to end, then try again",
    ),
    Message(
        "E521",
        "nothing of that name can be forgotten",
        "Forgetting is asked for by name, so that nothing is forgotten by accident.",
        "one of: all, links, tags, rewrites, fields, runs",
    ),
    Message(
        "E522",
        "the file names no match field that is mapped",
        "A contact cannot be created or looked up without it.",
        "map the field that `identity.match` names",
    ),
    Message(
        "E523",
        "the CRM stopped answering during the apply",
        "What was written stays; the rest was not begun or not confirmed.",
        "run apply again when the CRM answers: it goes on from there",
    ),
    Message(
        "E524",
        "no adapter of that name is installed",
        "Adapters come with this program or with other packages.",
        "correct `type`, or install the package that has the adapter",
    ),
    Message(
        "E530",
        "nothing of that name is kept",
        "`show` prints what `plan` and `apply` kept: the last plan, and the outcomes of the last 20 runs.",
        "`reconciler show --list` has the runs; `reconciler plan` makes a plan",
    ),
    Message(
        "E531",
        "a kept result cannot be read",
        "It is damaged, or a newer version of this program wrote it. Nothing else depends on it.",
        "remove what is kept with `reconciler status --forget runs`",
    ),
    Message(
        "E532",
        "the outcome could not be kept",
        "What was written to the CRM stays and is remembered; only `show` cannot show this run.",
        "make the state folder writable and make room on its disk",
        Level.WARNING,
    ),
    Message(
        "E534",
        "there is no apply to tell drift against",
        "Drift is what others moved since this file was applied to its end; it was not applied yet, its entries or a"
        " library that converts values have changed since, or what was remembered is gone.",
        "apply the file; from then on drift can be told",
    ),
    Message(
        "E545",
        "people are named by another column now",
        "All links were made with the ids of the former column. Taken for the ids of this one, they could lead people"
        " to somebody else's contacts.",
        "plan with --relink, which forgets the links and pairs people anew; or with --relink=renamed, if the column has"
        " the same ids under another name",
    ),
    Message(
        "E546",
        "links are made anew for everybody or for nobody",
        "With --person, or with a --target or --exclude of contacts, the links of all others would be lost.",
        "leave these options away together with --relink",
    ),
    Message(
        "E550",
        "rows of the source were not written",
        "Each row is written only while it is what the plan saw, and only as a whole. Who was not written was left in"
        " the CRM, too.",
        "look at these rows in the source, then plan again",
    ),
    Message(
        "E551",
        "a field in which no conflict can come up",
        "`--resolve` says who wins where both sides changed; that is only where a field is pulled, too.",
        "name a field with `pull: true`, as the plan shows it",
    ),
    Message(
        "E560",
        "not a saved plan",
        "An apply carries out only a file that `plan --out` wrote, of a format that this version knows.",
        "write one with `reconciler plan --out FILE`",
    ),
    Message(
        "E561",
        "the plan could not be saved",
        "The file cannot be written there. Nothing else was lost: the plan can be made again.",
        "choose another place with --out FILE, or make this one writable",
    ),
    Message(
        "E562",
        "the saved plan is older than 24 hours",
        "What was reviewed may not be what people would decide today.",
        "plan again with `reconciler plan --out FILE`, and have that reviewed",
    ),
    Message(
        "E563",
        "the saved plan was made of another file",
        "The file, or one that it extends, says something else now than when the plan was reviewed.",
        "plan again with `reconciler plan --out FILE`, and have that reviewed",
    ),
    Message(
        "E564",
        "the CRM's fields or tags are not what they were when the plan was approved",
        "Approvals of people belong to the fields and tags that they were made under.",
        "plan again with `reconciler plan --out FILE`, and have that reviewed",
    ),
    Message(
        "E565",
        "the saved plan is of another account",
        "What was reviewed for one account is not approved for another.",
        "apply it with the account that it was made for, or plan again with this one",
    ),
    Message(
        "E566",
        "the saved plan was changed after it was written",
        "Its seal does not fit what it says, so nobody knows what was approved.",
        "take the file as `plan --out` wrote it, or plan again",
    ),
    Message(
        "E567",
        "the saved plan was made with another key",
        "Only with the key that it was made with can its changes be recognised.",
        "give both jobs the same RECONCILER_PLAN_KEY, or apply where the plan was made",
    ),
    Message(
        "E568",
        "the saved plan is used up",
        "A plan is carried out once; what has to be done since then was not approved with it.",
        "plan again with `reconciler plan --out FILE`, and have that reviewed",
    ),
    Message(
        "E569",
        "what a saved plan does is not chosen anew",
        "A saved plan has the options that it was made with, and names nobody.",
        "leave the option out, or plan again with it",
    ),
    Message(
        "E570",
        "RECONCILER_PLAN_KEY is too short",
        "Whoever can guess it can write plans that count as reviewed.",
        "make one with `openssl rand -hex 32`, and keep it as a secret of both jobs",
    ),
    Message(
        "E571",
        "nobody checked whether the saved plan is as it was written",
        "It was made with a key that is not at hand; what is shown is what the file says.",
        "set RECONCILER_PLAN_KEY to the key that it was made with; an apply refuses it otherwise",
        level=Level.WARNING,
    ),
    Message(
        "E576",
        "traces and metrics are asked for, and cannot be made",
        "The variables name a collector; the packages that speak to it are not installed. The run is not affected.",
        "install the extra: pip install 'crm-reconciler[otel]'; or set OTEL_SDK_DISABLED=true",
        Level.WARNING,
    ),
    Message(
        "E577",
        "traces and metrics were not handed over",
        "The collector was not reached in time, or did not take them. The run itself is not affected.",
        "check OTEL_EXPORTER_OTLP_ENDPOINT and the collector; or set OTEL_SDK_DISABLED=true",
        Level.WARNING,
    ),
    Message(
        "E578",
        "traces and metrics are asked for in a protocol that is not spoken here",
        "They are sent as OTLP over HTTP with protobuf, and in no other way. The run is not affected.",
        "set it to http/protobuf and give the collector's port for HTTP, often 4318; or set OTEL_SDK_DISABLED=true",
        Level.WARNING,
    ),
)
