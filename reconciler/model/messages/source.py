"""E4xx: the source cannot be read to its end, so nothing is planned: half the people are no basis for a plan.

E45x: its file takes no values back, and is as it was. From E460: a database cannot be written. From E470: a site.
"""

from __future__ import annotations

from reconciler.model.messages.row import Message

SOURCE: tuple[Message, ...] = (
    Message(
        "E401",
        "the source's file is missing",
        "Without people there is nothing to compare; an absent file is not an empty one.",
        "correct `source.path`: it is relative to the file that names it",
    ),
    Message(
        "E402",
        "the source's path is not a file",
        "People are read from a regular file, twice where that is needed.",
        "let `source.path` name a regular file",
    ),
    Message(
        "E403",
        "the source's file may not be read",
        "The system refused to open it.",
        "give this user the permission to read it",
    ),
    Message(
        "E404",
        "the source could not be read to its end",
        "The system reported an error while it was read.",
        "check the disk or the share that it lies on, and run again",
    ),
    Message(
        "E405",
        "the source changed while it was read",
        "Half an old and half a new file would make a plan that nobody meant.",
        "write the file under another name and rename it when it is complete; then run again",
    ),
    Message(
        "E406",
        "the source's file is not what `source.type` says",
        "It is another kind of file, or it is damaged.",
        "correct `source.type` or `source.path`, or write the file anew",
    ),
    Message(
        "E410",
        "the source holds no people",
        "An empty source is almost always a failed export, and everybody would seem to be gone.",
        "check the export that writes it",
    ),
    Message(
        "E411",
        "the source has no header",
        "Columns are known by the names in the first row.",
        "write the column names into the first row",
    ),
    Message(
        "E412",
        "a column has no name",
        "A mapping can only name columns that have one.",
        "name every column in the header, or remove a delimiter too many",
    ),
    Message(
        "E413",
        "two columns have the same name",
        "Nobody can tell which of them a mapping means.",
        "give each column a name of its own",
    ),
    Message(
        "E414",
        "the source has no such column",
        "A missing column is not an empty one: everything mapped from it would seem to be blank.",
        "correct the column's name in the file, or add the column to the source",
    ),
    Message(
        "E418",
        "the columns are not told apart",
        "All names stand in one column where another character separates them than the one that was expected.",
        "say which, as `source.delimiter` in the file or --option delimiter=';' on the command line",
    ),
    Message(
        "E420",
        "a row has too many or too few values",
        "Its values may stand in the wrong columns.",
        "quote values that hold the delimiter, a quote or a line break; check `source.delimiter`",
    ),
    Message(
        "E421",
        "a quoted value does not end where it should",
        "What follows it would be taken for a part of it, other people included.",
        "close the quote, and double quotes inside of a quoted value",
    ),
    Message(
        "E422",
        "a row is not in the declared encoding",
        "Its letters would be read as different ones.",
        "set `source.encoding` to the file's encoding, or write the file as UTF-8",
    ),
    Message(
        "E423",
        "a line is not valid JSON",
        "A line that cannot be read may be a person.",
        "write one complete JSON object a line",
    ),
    Message(
        "E424",
        "a line is not a JSON object",
        "A person is an object: names and values.",
        "write one complete JSON object a line",
    ),
    Message(
        "E425",
        "a value of the source is not text",
        "Bytes have no letters: reading them as some would be a guess.",
        "leave the column out, or let a query write it as text",
    ),
    Message(
        "E430",
        "the source refused the credentials",
        "Nothing can be read without them.",
        "check the user and the password in `source.url`, and from where that user may come",
    ),
    Message(
        "E431",
        "the source's server cannot be reached",
        "Nobody answered where `source.url` points, or it takes nobody in.",
        "check the host and the port in `source.url`, and that the server runs",
    ),
    Message(
        "E432",
        "the source's server has no such database",
        "People are read from one database, which the address names.",
        "correct the database in `source.url`",
    ),
    Message(
        "E433",
        "the source has no such table",
        "Without people there is nothing to compare; a missing table is not an empty one.",
        "correct `source.table`: names count as they are written, large and small letters too",
    ),
    Message(
        "E434",
        "the source may not be read",
        "The credentials are right, but these people are not theirs to see.",
        "let this user read the table: it needs SELECT and no more",
    ),
    Message(
        "E435",
        "the source's server cannot carry out the query",
        "It refused the statement, or a value in it did not fit.",
        "try `source.query` in the server's own client: it says what is wrong with it",
    ),
    Message(
        "E436",
        "the source's server took too long",
        "It stopped the statement at a limit of its own, or waited for somebody else's.",
        "make the query cheaper, or raise the limit for this user; then run again",
    ),
    Message(
        "E437",
        "the connection to the source was lost",
        "What came until then is only a part of the people, and nothing is planned on a part.",
        "check the server and the network, and run again",
    ),
    Message(
        "E438",
        "the source's client is not installed",
        "Each kind of server is read with a package that is installed only where it is wanted.",
        "install it beside this program",
    ),
    Message(
        "E439",
        "no secure connection to the source can be made",
        "The server or its certificate is not what the address asks for.",
        "correct the parameters of `source.url` that say how the connection is secured",
    ),
    Message(
        "E440",
        "the query would write",
        "A source is read in a transaction that cannot write, and the server stopped the statement.",
        "let `source.query` only read",
    ),
    Message(
        "E441",
        "a row is longer than the source's server can write",
        "The server gives nothing in its place.",
        "raise the server's `max_allowed_packet`, or leave the longest column out",
    ),
    Message(
        "E442",
        "the source's file is in use",
        "Another program writes to it, or ended in the middle of writing.",
        "run again when it has finished, or open the file once with a program that may write",
    ),
    Message(
        "E450",
        "the source's file may not be replaced",
        "Values are written back into a new file beside it, which takes its name, its owner and its mode.",
        "let this user write to the file and its folder, or remove `source.write`",
    ),
    Message(
        "E451",
        "there is no room for the source's new file",
        "Until it is complete it lies beside the old one: both need room, and the limits of this user count.",
        "make room on the disk; then run again",
    ),
    Message(
        "E452",
        "the source's file could not be replaced",
        "The system reported an error while the new file was written beside it; the old one stands.",
        "check the disk or the share that it lies on, and run again",
    ),
    Message(
        "E453",
        "the source takes no values back",
        "A file of people is changed only where its owner says so.",
        "write `write: true` under `source`, or pull no field",
    ),
    Message(
        "E460",
        "the source may not be written",
        "The credentials are right, but they may only read these people.",
        "let this user write it (UPDATE beside SELECT), or let the file pull nothing",
    ),
    Message(
        "E461",
        "the source cannot take values back as it is",
        "Values are written only where the server writes them all or none.",
        "let `source.table` name a table that can be updated, or let the file pull nothing",
    ),
    Message(
        "E462",
        "the source did not let its rows be written in time",
        "Somebody else holds them, or a limit of the server was reached. Nothing of this batch was written.",
        "run again when the other program has finished, or raise the limit for this user",
    ),
    Message(
        "E463",
        "the source could not write the values",
        "The server gave up, for a reason that lies in no single value. Nothing of this batch was written.",
        "look into the server's log, and run again",
    ),
    Message(
        "E464",
        "the connection to the source was lost while it was written",
        "The server undoes what it was not told to keep: nothing of this batch was written.",
        "check the server and the network, and run again",
    ),
    Message(
        "E465",
        "nobody knows whether the source kept the values",
        "The connection was lost after the server was told to keep them and before it answered.",
        "run again: the source is read anew, and what is missing is written",
    ),
    Message(
        "E470",
        "no REST API of WordPress is at that address",
        "Credentials are sent to a site only if it is certain whose it is, and people are read from nothing else.",
        "write `source.api` as https://SITE/wp-json",
    ),
    Message(
        "E471",
        "the site's users changed while they were read",
        "Pages are counted from the first user on, so that whoever is deleted moves all others.",
        "run again when nobody deletes users; or read the database, with `source.url`, which sees one moment",
    ),
    Message(
        "E472",
        "the site's REST API does not answer as it should",
        "What came until then is only a part of the people, and nothing is planned on a part.",
        "look into the log of the site, of PHP and of the web server; then run again",
    ),
    Message(
        "E473",
        "the site's REST API hides a value",
        "It shows null in place of a value that is not of the type that its meta key is registered with.",
        "register the key with the type of its values, `array` for lists; or read the database, with `source.url`",
    ),
    Message(
        "E475",
        "there is no WordPress site with that prefix",
        "The database can be read, and the tables of users and their meta data are not in it under these names.",
        "set `source.table_prefix` to `$table_prefix` of the site's wp-config.php",
    ),
    Message(
        "E478",
        "a join cannot be read",
        "What it brings in would be missing for everybody, and a missing table is not an empty one.",
        "install the plugin that keeps these tables, correct the join's `query`, or remove it from `source.joins`",
    ),
    Message(
        "E479",
        "a joined column has the name of a meta key",
        "Nobody can tell which of the two a mapping means.",
        "give the joined column another name",
    ),
)
