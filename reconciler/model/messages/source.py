"""E4xx: the source cannot be read to its end, so nothing is planned: half the people are no basis for a plan."""

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
)
