"""The CronJobs of `examples/gitops`: what their containers run is run here, with the folders that they mount and the
variables that they name."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from gitops_world import CANARY, EXAMPLE, READ_TOKEN, WRITE_TOKEN, Account, account_in
from processes import Ended, contents, reconciler
from ruamel.yaml import YAML
from servers.databases import Database


class Cluster:
    """What lies behind the volumes: a folder each."""

    def __init__(self, folder: Path, account: Account, state: str) -> None:
        self.folder, self.account = folder, account
        self.secret = {"hubspot-token": WRITE_TOKEN, "hubspot-read-token": READ_TOKEN, "state-url": state}
        read = YAML(typ="safe").load
        [generated] = read((EXAMPLE / "kustomization.yaml").read_text(encoding="utf-8"))["configMapGenerator"]
        for name in ("config", "state", "tmp", "home"):
            (folder / name).mkdir()
        for name in generated["files"]:
            shutil.copy(EXAMPLE / name, folder / "config")
        account.named(folder / "config" / "reconciler.yaml")
        lines = (EXAMPLE / "Containerfile").read_text(encoding="utf-8").splitlines()
        self._entry = read(next(line for line in lines if line.startswith("ENTRYPOINT")).removeprefix("ENTRYPOINT "))

    def ran(self, manifest: str) -> Ended:
        """The container of that CronJob, in a new pod."""
        file = YAML(typ="safe").load((EXAMPLE / "kubernetes" / manifest).read_text(encoding="utf-8"))
        pod = file["spec"]["jobTemplate"]["spec"]["template"]["spec"]
        [container] = pod["containers"]
        mounts = {mount["mountPath"]: self.folder / mount["name"] for mount in container["volumeMounts"]}
        program, *arguments = (str(mounts.get(word, word)) for word in [*self._entry, *container["args"]])
        assert program == "reconciler"
        for volume in pod["volumes"]:
            if "emptyDir" in volume:
                shutil.rmtree(self.folder / volume["name"])
                (self.folder / volume["name"]).mkdir()
        env = {entry["name"]: self._value(entry) for entry in container["env"]}
        return reconciler(
            mounts[container["workingDir"]],
            *arguments,
            env={**env, "TMPDIR": str(mounts["/tmp"]), "HOME": str(self.folder / "home")},
        )

    def _value(self, entry: dict[str, Any]) -> str:
        reference = entry["valueFrom"]["secretKeyRef"]
        assert reference["name"] == "reconciler"
        return self.secret[reference["key"]]


@pytest.fixture
def cluster(tmp_path: Path, postgres: Database) -> Iterator[Cluster]:
    with account_in(tmp_path) as account:
        yield Cluster(tmp_path, account, postgres.url)


def test_nights_apply_what_people_changed_mornings_tell_drift_and_only_the_volumes_are_written(
    cluster: Cluster,
) -> None:
    mounted = contents(cluster.folder, "config")
    first = cluster.ran("apply.yaml")
    assert first.code == 0, first.err
    assert cluster.account.carriers("Customer")
    assert cluster.ran("drift.yaml").code == 0

    cluster.account.changed("farid.aziz@example.org", firstname=CANARY)
    drifted = cluster.ran("drift.yaml")
    assert drifted.code == 2
    assert CANARY not in drifted.out + drifted.err
    assert cluster.ran("apply.yaml").code == 0
    assert cluster.ran("drift.yaml").code == 0
    assert contents(cluster.folder, "config", "home") == mounted


def test_a_token_that_is_none_ends_the_job_at_once(cluster: Cluster) -> None:
    cluster.secret["hubspot-token"] = "pat-of-nobody"
    assert cluster.ran("apply.yaml").code == 4
