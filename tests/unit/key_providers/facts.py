# SPDX-License-Identifier: Apache-2.0
"""Runs in a process of its own, where ``kinds/toy.py`` is one more file among the kinds.

Prints one JSON object: what the library says and does of it, without having been told of it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from flinksec_jobs import key_providers

key_providers.__path__.append(str(Path(__file__).with_name("kinds")))

from flinksec_jobs import state  # noqa: E402  the settings find the kinds when they are imported
from flinksec_jobs.cli import main  # noqa: E402
from flinksec_jobs.cluster import flink_conf  # noqa: E402
from flinksec_jobs.cluster.flink_state_problems import state_problems  # noqa: E402
from flinksec_jobs.errors import SettingsError  # noqa: E402
from flinksec_jobs.file_checks import check_files  # noqa: E402
from flinksec_jobs.manifests.flink.rules import mounted_files  # noqa: E402
from flinksec_jobs.manifests.kube.objects import Manifests, Object  # noqa: E402
from flinksec_jobs.manifests.rule import RULES  # noqa: E402
from flinksec_jobs.sealed import KeyRing, SealedWriter, read_header  # noqa: E402
from flinksec_jobs.settings import StateSettings, load_settings, reference  # noqa: E402

SEALED = {"execution.checkpointing.dir": "sealed+file:///mnt/state"}


def said(*arguments: object) -> str:
    """What a command of ``flinksec state`` prints, on stdout and stderr."""
    return CliRunner().invoke(main, ["state", *map(str, arguments)]).output


def refused(**overrides: Any) -> str:
    """Why settings are refused; empty if they are not."""
    try:
        load_settings(overrides=overrides, environ={})
    except SettingsError as error:
        return str(error)
    return ""


def pod(volume: dict[str, Any]) -> Manifests:
    """A JobManager whose configuration names the token, which lies on this volume."""
    config = "jobmanager.rpc.address: job\nflinksec.sealed.toy.token: /etc/toy/token\n"
    container = {
        "name": "jobmanager",
        "image": "job",
        "args": ["jobmanager"],
        "volumeMounts": [
            {"name": "toy", "mountPath": "/etc/toy"},
            {"name": "conf", "mountPath": "/opt/flink/conf"},
        ],
    }
    volumes = [{"name": "toy", **volume}, {"name": "conf", "configMap": {"name": "conf"}}]
    entries = [
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "conf"},
            "data": {"config.yaml": config},
        },
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "jobmanager"},
            "spec": {"containers": [container], "volumes": volumes},
        },
    ]
    return Manifests([Object(entry) for entry in entries])


def mounted(volume: dict[str, Any]) -> list[str]:
    """What the rule of mounted Secrets says."""
    assert mounted_files
    return [str(place) for place in RULES["flink-secret-file"].function(pod(volume))]


def facts(top: Path) -> dict[str, Any]:
    """All of it, in a directory of the test's."""
    token = top / "token"
    token.touch(0o600)
    token.write_bytes(b"t" * 32)
    ring = KeyRing.create(top / "ring", "k1")
    toy = {"token": f"file:{token}", "key": "t1"}
    given = {"directory": str(top / "state"), "toy": toy}
    settings = load_settings(overrides={"state": given}, environ={})
    section = settings.need(StateSettings)
    both = load_settings(
        overrides={"state": {**given, "keys": str(ring.directory)}}, environ={}
    ).need(StateSettings)
    path = top / "state" / "chk-1" / "f"
    path.parent.mkdir(parents=True)
    with SealedWriter(path, ring) as writer:
        writer.write(b"state")
    location = f"toy:t1@{token}"
    file = top / "job.toml"
    file.write_text('[state]\ndirectory = "state"\n[state.toy]\ntoken = "file:token"\nkey = "t1"\n')
    exposed = top / "exposed"
    exposed.touch(0o644)
    exposed.chmod(0o644)
    found: dict[str, Any] = {
        "variable": load_settings(file, environ={"FLINKSEC_STATE__TOY__KEY": "t2"}).dump()["state"][
            "toy"
        ],
        "reference": [entry.name for entry in reference.entries() if ".toy." in entry.name],
        "no keys": refused(state={"directory": "/s"}),
        "no key for new files": refused(
            state={"directory": "/s", "toy": {"token": f"file:{token}"}}
        ),
        "two keys for new files": refused(
            state={
                "directory": "/s",
                "toy": toy,
                "pkcs11": {"module": "/m", "token": "t", "pin": "file:/pin", "primary": "p"},
            }
        ),
        "unknown": refused(state={"directory": "/s", "toy": {**toy, "kee": "t1"}}),
        "refused in flink": refused(flink={"flinksec.sealed.toy.key": "t2"}),
        "config": {
            name: value
            for name, value in flink_conf.config(settings).items()
            if name.startswith("flinksec.sealed.")
        },
        "problems without": [one.id for one in state_problems(SEALED)],
        "problems with": [
            one.id for one in state_problems(SEALED | {"flinksec.sealed.toy.token": "/t"})
        ],
        "files": [str(one) for one in check_files(settings)],
        "exposed": [
            f"{one.id} {one.where.setting}"
            for one in check_files(
                load_settings(
                    overrides={"state": {**given, "toy": {**toy, "token": f"file:{exposed}"}}},
                    environ={},
                )
            )
        ],
        "on a Secret": mounted({"secret": {"secretName": "toy"}}),
        "on a ConfigMap": mounted({"configMap": {"name": "toy"}}),
        "help": said("keys", "--help"),
        "init": said("keys", "init", location, "--id", "t1"),
        "add": said("keys", "add", location, "t3", "--spare"),
        "use": said("keys", "use", location, "t1"),
        "rekey": said("rekey", "--keys", location, "--keys", ring.directory, "--job", "j", path),
        "list": said("keys", "list", location, path),
        "retire": said("keys", "retire", location, "t1", path),
        "verify": said("verify", "--keys", location, path),
        "verify without": said("verify", "--keys", ring.directory, path),
        "slot": read_header(path).slots[0].key.job,
    }
    with state.open_keys(section) as keys:
        found["alone"] = keys.describe()
    with state.open_keys(both) as keys:
        found["primary of both"] = keys.primary_id
        found["ids of both"] = keys.key_ids
    return found


if __name__ == "__main__":
    print(json.dumps(facts(Path(sys.argv[1]))))  # noqa: T201  the answer
