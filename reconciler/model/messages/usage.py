"""What can be wrong with a command line; see the package's docstring for the codes."""

from __future__ import annotations

from reconciler.model.messages.row import Message

USAGE: tuple[Message, ...] = (
    Message(
        "E901",
        "no such command",
        "Every run is one command of the list that `reconciler --help` prints.",
        "see `reconciler --help`",
    ),
    Message(
        "E902",
        "no such option",
        "An option that is not known is never ignored: it could have been meant as a limit.",
        "see the command's `--help`",
    ),
    Message(
        "E903",
        "an option's value cannot be used",
        "Options are read before anything is touched, so that nothing happens under a wrong one.",
        "see the command's `--help` for the values that it takes",
    ),
    Message(
        "E904",
        "the command line cannot be read",
        "Something that the command needs is missing, or something that it does not know was given.",
        "see the command's `--help`",
    ),
    Message(
        "E905",
        "there is no terminal to ask at",
        "`apply` asks before it writes. Without a terminal, or where `CI` is set, it never asks and never waits.",
        "read the plan first, then give `--auto-approve`",
    ),
    Message(
        "E906",
        "values are shown at a terminal only",
        "A plan names no personal value. `--show-values` is for the person at the keyboard: what it prints must not "
        "end in a file, a log or a comment.",
        "run the command at a terminal, as text, outside of CI, without `--report` and `--out`",
    ),
    Message(
        "E907",
        "no such code",
        "Every message of the program has a code; rules have a name beside it.",
        "`reconciler explain` alone lists them all",
    ),
    Message(
        "E908",
        "interrupted",
        "The command was told to stop. What an apply has written stays, and the journal knows it.",
        "run the same command again; it goes on from where it stands",
    ),
    Message(
        "E909",
        "not yet in this version",
        "What the program does not carry out yet is refused, never ignored.",
        "leave the option out",
    ),
    Message(
        "E910",
        "the result cannot be written",
        "Standard output is full or closed. What an apply wrote to the CRM stays, and the journal knows it.",
        "make room where the output goes, or print it to the terminal; `reconciler status` shows the last run",
    ),
    Message(
        "E920",
        "something has to be told",
        "What is not told is asked for at a terminal; elsewhere nothing is asked, guessed or waited for.",
        "give the options that are named",
    ),
    Message(
        "E921",
        "the file is there already",
        "What somebody wrote is never written over without being asked to.",
        "give another name, or `--force` to replace it",
    ),
    Message(
        "E922",
        "the file cannot be written",
        "The folder must exist, and you must be allowed to write there.",
        "check the folder, its permissions and the space on the disk",
    ),
    Message(
        "E923",
        "a column or field that is not there",
        "Who is who is said in names that the source and the CRM really have.",
        "name one of those that are there",
    ),
    Message(
        "E935",
        "the port cannot be listened on",
        "Another program listens on it, perhaps an emulator that still runs, or this user may not have it.",
        "give another one with `--port`; `--port 0` takes a free one",
    ),
    Message(
        "E936",
        "the emulated account cannot be opened",
        "It lies in one SQLite file, which is made where there is none; a file of something else is left alone.",
        "name a file of an emulated account, or one that is not there yet, in a folder that you may write to",
    ),
    Message(
        "E937",
        "the file is no export of WP Fusion's settings",
        "An export has two columns without a header, a setting and its value, and a row named `contact_fields`.",
        "export the settings anew in WP Fusion, and leave the file as it came",
    ),
    Message(
        "E938",
        "the settings cannot be read",
        "They are read from one regular file in UTF-8, as WP Fusion writes it.",
        "name the file with --settings as it was downloaded, and let this user read it",
    ),
    Message(
        "E939",
        "a setting cannot be read",
        "PHP writes settings with the lengths of their texts. What was cut or edited is not guessed at, and objects "
        "are never made.",
        "export the settings anew and leave the file as it came",
    ),
    Message(
        "E940",
        "the site has no settings of WP Fusion",
        "They lie in the site's options, under `wpf_options`; each site of a network has its own.",
        "name the site's database, and of a network of sites the site: --option site=N",
    ),
    Message(
        "E941",
        "WP Fusion's settings map no field",
        "Without a mapping there is nothing that a file could say.",
        "map the fields in WP Fusion first, or begin with `reconciler init`",
    ),
    Message(
        "E999",
        "something unexpected happened inside reconciler",
        "This is a mistake of the program, not of yours. What it was working on is quoted nowhere.",
        "please report the code, the place that is named and the version; -v prints the way there",
    ),
)
