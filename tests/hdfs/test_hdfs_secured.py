# SPDX-License-Identifier: Apache-2.0
"""Kerberised HDFS with a KMS and short tickets: who may write what, and for how long.

A sandbox and two NameNodes of a name service, of their own, since their tickets last a minute. The
short jobs come first; a cluster starts while the long ones run.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flinksec_jobs import Sandbox
from tests.cluster.processes import QUICK_START, FlinkCluster
from tests.exit_codes import FINISHED
from tests.hdfs.hadoop_shell import HadoopShell
from tests.hdfs.hdfs_pair import NAME, HdfsPair
from tests.hdfs.weaker_hdfs import WeakerHdfs
from tests.patience import PATIENCE

PROGRAMS = Path(__file__).with_name("programs")
TICKET_SECONDS = 60
LONG_SECONDS = 135  # more than two lives of a ticket
# Hadoop's client closes a connection after ten seconds without a call, and the next one logs in.
CHECKPOINT_SECONDS = 12
SECRET = b"a secret that nobody may read on the way"
WEAKEST = {
    "hdfs.rpc_protection": "authentication",
    "hdfs.data_transfer_protection": "authentication",
}


class Servers:
    """The sandbox, the pair beside it, and the settings of jobs that use both."""

    def __init__(self, directory: Path, sandbox: Sandbox) -> None:
        self.directory, self.sandbox = directory, sandbox
        (directory / "pair").mkdir()
        self.pair = HdfsPair(sandbox, directory / "pair")
        (directory / "weaker").mkdir()
        self.weaker = WeakerHdfs(sandbox, directory / "weaker")
        text = sandbox.settings_toml()
        text += f'checkpoint_interval = "{CHECKPOINT_SECONDS} s"\n\n'
        text += f'[hdfs.{NAME}]\nuri = "hdfs://{NAME}"\n'
        text += f"namenodes = {json.dumps(self.pair.namenodes)}\n"
        self.settings = directory / "settings.toml"
        self.settings.write_text(text)

    def start(self, program: str, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, PROGRAMS / program, self.settings, *arguments],
            env=os.environ | {"FLINKSEC_LOG_FILE": str(self.directory / "logs" / "jobs.log")},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def numbers(
        self, name: str, paths: dict[str, str], overrides: dict[str, Any], *copies: str
    ) -> subprocess.Popen[str]:
        given = json.dumps(paths), json.dumps(overrides)
        return self.start("hdfs_numbers.py", name, str(LONG_SECONDS), *given, *copies)

    def outcomes(self, *cases: tuple[str, dict[str, Any], str, str | None]) -> dict[str, str]:
        out, err = self.start("hdfs_secured.py", json.dumps(cases)).communicate(timeout=PATIENCE)
        assert out, err
        (self.directory / "said.json").write_text(out)
        said: dict[str, str] = json.loads(out)
        return said


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    directory = tmp_path_factory.mktemp("hdfs-secured")
    with Sandbox(only=["kms"], ticket_lifetime=TICKET_SECONDS) as sandbox:
        made = Servers(directory, sandbox)
        try:
            yield made
        finally:
            made.pair.end()
            made.weaker.end()


@pytest.fixture(scope="module")
def said(servers: Servers) -> dict[str, str]:
    """What became of the short jobs: those of one JVM one after the other."""
    own = f"hdfs://localhost:{servers.sandbox.ports['hdfs']}/zone"
    mounts = {"pair": f"hdfs://{NAME}/data", "own": own}
    by_files = {"hdfs.conf_dir": str(servers.pair.conf_dir(mounts))}
    weaker = {**by_files, "hdfs.uri": servers.weaker.uri}
    return servers.outcomes(
        ("zone", {}, "/zone/short", None),
        ("closed", {}, "/closed/short", None),
        ("proxy", {"hdfs.proxy_user": "guest"}, "/guest/short", None),
        ("stranger", {"hdfs.proxy_user": "hdfs"}, "/data/short", None),
        ("no-kms", {"hdfs.kms_urls": [], "hdfs.ca_certs": None}, "/zone/none", None),
        ("other-ca", {"hdfs.ca_certs": None}, "/zone/none", None),
        ("no-answer", {"hdfs.kms_urls": ["https://localhost:1/kms"]}, "/zone/none", None),
        ("site", {**by_files, f"hdfs.{NAME}.namenodes": []}, "/data/site", NAME),
        ("mounted", {**by_files, "hdfs.uri": "viewfs://mounts"}, "/pair/mounted", None),
        ("mounted-zone", {**by_files, "hdfs.uri": "viewfs://mounts"}, "/own/mounted", None),
        ("weaker-rpc", weaker, "/data/rpc", None),
        ("weaker-data", {**weaker, "hdfs.rpc_protection": "authentication"}, "/data/d", None),
        ("weakest", {**weaker, **WEAKEST}, "/data/weakest", None),
    )


@pytest.fixture(scope="module")
def long_job(servers: Servers, said: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """Its NameNode is killed while it runs."""
    assert said
    job = servers.numbers(
        "flink-long", {"": "/zone/long", NAME: "/data/long"}, {}, str(servers.directory / "copies")
    )
    yield job
    job.kill()
    job.communicate()


@pytest.fixture(scope="module")
def tickets_job(servers: Servers, said: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """By tickets of a minute that nobody renews, for longer than that."""
    assert said
    cache = servers.directory / "tickets"
    servers.sandbox.kinit(cache)
    overrides = {"kerberos.keytab": None, "kerberos.ticket_cache": f"file:{cache}"}
    job = servers.numbers("flink-tickets", {"": "/data/tickets"}, overrides)
    yield job
    job.kill()
    job.communicate()


@pytest.fixture(scope="module")
def killed(
    servers: Servers, tickets_job: subprocess.Popen[str], long_job: subprocess.Popen[str]
) -> subprocess.Popen[str]:
    """The long job, after a third of whose time its NameNode was killed."""
    assert tickets_job  # which began before, and ends by itself
    time.sleep(LONG_SECONDS / 3)
    assert long_job.poll() is None, long_job.communicate()
    servers.pair.kill_the_active_one()
    return long_job


def test_a_job_writes_into_an_encryption_zone_and_its_blocks_hold_no_text(
    servers: Servers, said: dict[str, str]
) -> None:
    assert said["zone"] == ""
    lines = list(servers.sandbox.hdfs_lines("/zone/short"))
    assert [SECRET in line.encode() for line in lines] == [True]
    blocks = [path for path in servers.sandbox.directory.rglob("blk_*") if path.is_file()]
    assert blocks
    in_clear = [path for path in blocks if SECRET in path.read_bytes()]
    # That of the proxy user, outside of the zone, shows that the blocks are looked into.
    assert len(in_clear) == 1


def test_a_key_that_the_user_has_no_right_to_is_told_by_name_before_the_job_starts(
    said: dict[str, str],
) -> None:
    assert "not authorized to perform [DECRYPT_EEK] on key with ACL name [closed]" in said["closed"]
    assert "the key 'closed' of the encryption zone /closed" in said["closed"]
    assert "[hdfs-key-refused]" in said["closed"]
    assert "right DECRYPT_EEK on this key" in said["closed"]
    assert "cannot be used." in said["closed"]  # and not "fails the running job"


def test_a_kms_that_does_not_answer_is_told_by_name_before_the_job_starts(
    said: dict[str, str],
) -> None:
    assert said["no-answer"].startswith("JobError: hdfs.kms_urls: "), said["no-answer"]
    assert "the KMS does not answer when it is asked for the key 'flink'" in said["no-answer"]
    assert "[hdfs-kms-not-reached]" in said["no-answer"]


def test_a_zone_needs_a_kms_in_the_settings_whatever_the_namenode_names(
    said: dict[str, str],
) -> None:
    assert "hdfs.kms_urls: " in said["no-kms"]
    assert "[hdfs-kms-not-named]" in said["no-kms"]


def test_a_kms_of_a_foreign_ca_is_refused(said: dict[str, str]) -> None:
    assert "[hdfs-kms-untrusted]" in said["other-ca"]


def test_a_name_service_and_mounts_are_those_of_the_files_of_conf_dir(
    servers: Servers, said: dict[str, str]
) -> None:
    assert [said[name] for name in ("site", "mounted", "mounted-zone")] == ["", "", ""]
    assert len(list(servers.sandbox.hdfs_lines("/zone/mounted"))) == 1


def test_nothing_on_the_way_to_namenode_and_datanode_can_be_read(
    servers: Servers, said: dict[str, str]
) -> None:
    assert said["site"] == ""
    namenode, datanode = servers.pair.recorded
    assert len(namenode) > 1000
    assert len(datanode) > 1000
    for passed in (namenode, datanode):
        assert SECRET not in passed
        assert b"/data/site" not in passed


def test_servers_that_offer_less_are_refused_before_anything_that_can_be_read_is_sent(
    servers: Servers, said: dict[str, str]
) -> None:
    assert said["weaker-rpc"].startswith("JobError: hdfs.rpc_protection: "), said["weaker-rpc"]
    assert "[hdfs-protection-mismatch]" in said["weaker-rpc"]
    assert said["weaker-data"].startswith("JobError: hdfs.data_transfer_protection: "), said
    assert "check that it is the DataNode's dfs.data.transfer.protection" in said["weaker-data"]
    assert said["weakest"] == ""
    # What was written without protection shows that it is looked for where it would be.
    assert SECRET + b'","to":"/data/weakest"' in servers.weaker.recorded
    assert b'"to":"/data/d"' not in servers.weaker.recorded
    assert b"/data/rpc" not in servers.weaker.recorded


def test_files_of_a_proxy_user_are_that_user_s(servers: Servers, said: dict[str, str]) -> None:
    assert said["proxy"] == ""
    # Private to guest: the job's own principal may not look into it.
    assert len(list(servers.sandbox.hdfs_lines("/guest/short", principal="guest"))) == 1


def test_a_taskmanager_of_another_process_has_proxy_user_kms_and_name_service(
    servers: Servers, killed: subprocess.Popen[str]
) -> None:
    assert killed  # the NameNode that is active is not the first one of the settings
    text = servers.settings.read_text().replace("[hdfs]\n", '[hdfs]\nproxy_user = "guest"\n')
    rights = servers.sandbox.directory / "hadoop" / "kms-acls.xml"  # is read again when it changes
    given, right = rights.read_text(), "<name>key.acl.flink.DECRYPT_EEK</name><value>flink"
    assert given.count(right) == 1
    rights.write_text(given.replace(right, f"{right},guest"))
    with HadoopShell(servers.sandbox) as hadoop:
        hadoop.fs("-mkdir", "/zone/guest")
        hadoop.fs("-chown", "guest", "/zone/guest")
        hadoop.fs("-chmod", "711", "/zone")
        directory = servers.directory / "cluster"
        directory.mkdir()
        more = f'\n[job]\nresume = "first"\n[flink]\n{QUICK_START}\n'
        with FlinkCluster(directory, text + more) as cluster:
            cluster.start_taskmanager("taskmanager")
            cluster.start_jobmanager(PROGRAMS / "hdfs_as_guest.py")
            assert cluster.exit_code("jobmanager") == FINISHED, cluster.log("jobmanager")[-6000:]
        by = f"hdfs://{servers.pair.namenodes[1]}"
        for path in ("/zone/guest/lines", f"{by}/guest/lines"):
            (listed,) = [line for line in hadoop.fs("-ls", path) if "part-" in line]
            assert listed.split()[2] == "guest"
        assert '{"said":"by a guest"}' in hadoop.fs("-cat", f"{by}/guest/lines/part-*")


def test_a_user_who_may_not_be_impersonated_is_told_before_the_job_starts(
    said: dict[str, str],
) -> None:
    assert said["stranger"].startswith("JobError: hdfs.proxy_user: ")
    assert "User: flink@SANDBOX.LOCAL is not allowed to impersonate hdfs" in said["stranger"]
    assert "[hdfs-proxy-refused]" in said["stranger"]


def test_a_job_by_a_person_s_tickets_writes_and_is_told_when_they_have_ended(
    servers: Servers, tickets_job: subprocess.Popen[str]
) -> None:
    _, err = tickets_job.communicate(timeout=PATIENCE)
    assert tickets_job.returncode == 1
    assert "kerberos.ticket_cache: HDFS fails the running job: " in err, err
    assert "[tickets-ended]" in err
    assert "a job that outlives tickets needs kerberos.keytab" in err
    assert list(servers.sandbox.hdfs_lines("/data/tickets"))  # what it committed before


def test_a_job_outlives_two_tickets_and_a_killed_namenode_and_writes_each_row_once(
    servers: Servers, killed: subprocess.Popen[str]
) -> None:
    out, err = killed.communicate(timeout=PATIENCE)
    assert killed.returncode == 0, (out, err)
    for name in ("zone", "pair", "back"):
        files = list((servers.directory / "copies" / name).rglob("part-*"))
        numbers = [
            json.loads(line)["n"] for file in files for line in file.read_text().splitlines()
        ]
        assert sorted(numbers) == list(range(1, 20 * LONG_SECONDS + 1)), name
        assert name == "back" or len(files) > LONG_SECONDS / CHECKPOINT_SECONDS / 2
