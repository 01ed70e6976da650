"""The console script. Nothing is imported before `--version` is answered: it takes as long as Python takes to start."""

import sys


def main() -> int:
    """Runs the command line of this process; returns the exit code."""
    arguments = sys.argv[1:]
    if arguments[:1] == ["--version"]:
        from reconciler import __version__

        sys.stdout.write(f"reconciler {__version__}\n")
        return 0
    import gc

    gc.set_threshold(200_000)  # imports and the tree of a file are many objects, and no garbage
    from reconciler.cli.app import run_process

    return run_process(arguments)
