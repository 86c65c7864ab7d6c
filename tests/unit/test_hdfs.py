# SPDX-License-Identifier: Apache-2.0
"""What the Hadoop client is told, and what ``to_hdfs`` refuses. No JVM is started."""

from typing import Any

import pytest

from flinksec_jobs import hdfs
from flinksec_jobs.errors import JobError, SettingsError
from flinksec_jobs.file_layout import Layout
from flinksec_jobs.runtime import jvm
from flinksec_jobs.settings import Settings, load_settings

KERBEROS = {"principal": "flink@EXAMPLE.COM", "keytab": "file:/etc/flink.keytab"}


def settings(**options: Any) -> Settings:
    given = {"uri": "hdfs://name:8020", **options}
    return load_settings(overrides={"kerberos": KERBEROS, "hdfs": given}, environ={})


def test_by_default_the_client_logs_in_and_encrypts_both_ways() -> None:
    options = hdfs.hadoop_options(settings())
    assert options["fs.defaultFS"] == "hdfs://name:8020"
    assert options["hadoop.security.authentication"] == "kerberos"
    assert options["hadoop.security.authorization"] == "true"
    assert options["hadoop.rpc.protection"] == "privacy"
    assert options["dfs.data.transfer.protection"] == "privacy"


def test_what_is_not_set_is_left_to_the_client() -> None:
    options = hdfs.hadoop_options(settings())
    assert "dfs.namenode.kerberos.principal" not in options
    assert "dfs.replication" not in options


def test_what_is_set_is_passed_on() -> None:
    options = hdfs.hadoop_options(
        settings(
            namenode_principal="hdfs/_HOST@EXAMPLE.COM",
            replication=2,
            rpc_protection="integrity",
            data_transfer_protection="authentication",
        )
    )
    assert options["dfs.namenode.kerberos.principal"] == "hdfs/_HOST@EXAMPLE.COM"
    assert options["dfs.replication"] == "2"
    assert options["hadoop.rpc.protection"] == "integrity"
    assert options["dfs.data.transfer.protection"] == "authentication"


def test_a_namenode_that_is_not_there_is_told_soon() -> None:
    options = hdfs.hadoop_options(settings())
    tries = 1 + int(options["ipc.client.connect.max.retries.on.timeouts"])
    assert tries * int(options["ipc.client.connect.timeout"]) <= 20_000


def test_all_options_are_text() -> None:
    options = hdfs.hadoop_options(settings(replication=3))
    assert all(isinstance(value, str) and value for value in options.values())


def test_a_format_that_is_not_written_is_refused_by_the_list_of_those_that_are() -> None:
    with pytest.raises(SettingsError, match='format=\'xml\' is not one of "avro", "csv"'):
        hdfs.sink(settings(), "/flights", Layout("xml"))


def test_a_path_that_is_not_absolute_is_refused_with_the_right_one() -> None:
    with pytest.raises(SettingsError, match="the path is not absolute") as caught:
        hdfs.sink(settings(), "flights", Layout())
    assert caught.value.hint == "write /flights"


@pytest.mark.parametrize("path", ["hdfs://other:8020/flights", None, 1])
def test_what_is_no_path_is_refused_with_what_is_one(path: Any) -> None:
    with pytest.raises(SettingsError, match="the path is not absolute") as caught:
        hdfs.check_path(path)
    assert caught.value.hint == "write a path alone, as /flights, of hdfs.uri"


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("/10:30", "HDFS takes no colon in a path"),
        ("/day=1/10:30/x", "HDFS takes no colon in a path"),
        ("/a\\b", "would take the backslash for a slash"),
        ("/a\0b", "a path has no NUL"),
        ("/a\ud800", "half of a surrogate pair is not text"),
        ("/a/../b", "would give one directory two names"),
        ("/a/.", "would give one directory two names"),
        ("/a ", "Flink cuts off a blank at its end"),
    ],
)
def test_a_path_that_hdfs_does_not_take_or_alters_is_refused(path: str, why: str) -> None:
    with pytest.raises(SettingsError, match=why) as caught:
        hdfs.sink(settings(), path, Layout())
    assert repr(path) in caught.value.message
    assert "such as /flights" in str(caught.value.hint)


def test_a_login_that_finds_no_new_ticket_names_the_cache_and_one_by_keytab_does_not() -> None:
    tickets = {"principal": "alice@EXAMPLE.COM", "ticket_cache": "file:/tmp/krb5cc_1"}
    given = {"kerberos": tickets, "hdfs": {"uri": "hdfs://name:8020"}}
    said = JobError("the job x failed: LoginException: Unable to obtain password from user")
    told = hdfs.client(load_settings(overrides=given, environ={})).explain(said)
    assert told is not None
    assert told.message.startswith("kerberos.ticket_cache: HDFS fails the running job: ")
    assert "/tmp/krb5cc_1" in told.message
    assert [found.id for found in told.findings] == ["tickets-ended"]
    assert hdfs.client(settings()).explain(said) is None


@pytest.mark.parametrize(
    ("said", "is_of_hdfs"),
    [
        ("File /a could only be written to 0 of the 1 minReplication nodes", True),
        ("BlockMissingException: Could not obtain block: BP-1", True),
        ("the topic orders is not there", False),
    ],
)
def test_data_that_was_held_back_explains_a_failure_of_data_and_no_other(
    monkeypatch: pytest.MonkeyPatch, said: str, is_of_hdfs: bool
) -> None:
    why = "hdfs.data_transfer_protection: nothing protects what goes to the DataNode"
    monkeypatch.setattr(jvm, "is_there", lambda: True)
    monkeypatch.setattr(jvm, "data_refused", lambda: why)
    told = hdfs.client(settings()).explain(JobError(f"the job j failed: {said}"))
    assert (told is not None) == is_of_hdfs
    assert told is None or "data_transfer_protection" in told.message
