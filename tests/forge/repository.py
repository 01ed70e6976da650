"""The git side of a forge: a bare repository, and clones of it in which people work."""

from __future__ import annotations

import subprocess
from pathlib import Path

QUIET = {
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_SYSTEM": "/dev/null",
    "GIT_AUTHOR_NAME": "Somebody",
    "GIT_AUTHOR_EMAIL": "somebody@example.org",
    "GIT_COMMITTER_NAME": "Somebody",
    "GIT_COMMITTER_EMAIL": "somebody@example.org",
    "GIT_TERMINAL_PROMPT": "0",
    "PATH": "/usr/local/bin:/usr/bin:/bin",
}


def git(folder: Path, *arguments: str) -> str:
    """What it prints; it has to succeed."""
    done = subprocess.run(["git", *arguments], cwd=folder, env=QUIET, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, f"git {' '.join(arguments)}: {done.stderr}"
    return done.stdout.strip()


class Repository:
    """`bare` is what the forge keeps, `here` a clone in which everything is written and merged."""

    def __init__(self, folder: Path) -> None:
        self.bare, self.here = folder / "crm.git", folder / "clone"
        git(folder, "init", "--quiet", "--bare", "--initial-branch=main", str(self.bare))
        git(folder, "clone", "--quiet", str(self.bare), str(self.here))
        git(self.here, "checkout", "--quiet", "-B", "main")

    def commit(self, message: str) -> str:
        """Everything that lies in the clone, on the branch that it is on; its id."""
        git(self.here, "add", "--all")
        git(self.here, "commit", "--quiet", "--allow-empty", "-m", message)
        return git(self.here, "rev-parse", "HEAD")

    def push(self, ref: str, commit: str) -> None:
        git(self.here, "push", "--quiet", "--force", "origin", f"{commit}:{ref}")

    def on(self, branch: str) -> None:
        """Stand on a branch: a new one begins at main."""
        known = git(self.here, "branch", "--list", branch)
        git(self.here, "checkout", "--quiet", *([branch] if known else ["-b", branch, "main"]))

    def merged(self, commit: str, message: str) -> str:
        """main with this commit merged into it; nothing is moved."""
        git(self.here, "checkout", "--quiet", "--detach", "main")
        git(self.here, "merge", "--quiet", "--no-ff", "-m", message, commit)
        return git(self.here, "rev-parse", "HEAD")

    def move_main(self, commit: str) -> None:
        git(self.here, "checkout", "--quiet", "-B", "main", commit)
        self.push("refs/heads/main", commit)

    @property
    def main(self) -> str:
        return git(self.here, "rev-parse", "main")

    def checked_out(self, commit: str, folder: Path) -> None:
        """The files of a commit, as a runner gets them."""
        git(folder.parent, "clone", "--quiet", "--no-checkout", str(self.bare), str(folder))
        git(folder, "fetch", "--quiet", "origin", commit)
        git(folder, "checkout", "--quiet", "--detach", commit)
