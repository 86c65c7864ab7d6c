# SPDX-License-Identifier: Apache-2.0
"""What ``[hdfs]`` and ``[hdfs.NAME]`` take: name services, a KMS, a proxy user, more clusters."""

import re
from typing import Any

import pytest

from flinksec_jobs import hdfs
from flinksec_jobs.errors import SettingsError
from flinksec_jobs.sections.decides import options_of
from flinksec_jobs.settings import Settings, load_settings

KERBEROS = {"principal": "flink@EXAMPLE.COM", "keytab": "file:/etc/flink.keytab"}
FLIGHTS = {"uri": "hdfs://flights", "namenodes": ["nn1:8020", "nn2:8020"]}


def settings(section: dict[str, Any], **more: Any) -> Settings:
    given = {"kerberos": KERBEROS, "hdfs": section, **more}
    return load_settings(overrides=given, environ={})


def refusal(section: dict[str, Any], **more: Any) -> str:
    with pytest.raises(SettingsError) as caught:
        settings(section, **more)
    return str(caught.value)


def test_a_name_service_is_told_with_all_of_its_namenodes() -> None:
    found = hdfs.hadoop_options(settings(FLIGHTS))
    assert found["fs.defaultFS"] == "hdfs://flights"
    assert found["dfs.nameservices"] == "flights"
    names = found["dfs.ha.namenodes.flights"].split(",")
    assert [found[f"dfs.namenode.rpc-address.flights.{name}"] for name in names] == [
        "nn1:8020",
        "nn2:8020",
    ]
    assert "ConfiguredFailoverProxyProvider" in found["dfs.client.failover.proxy.provider.flights"]


def test_several_clusters_are_in_one_configuration() -> None:
    archive = {"uri": "hdfs://archive", "namenodes": ["a1:1", "a2:1", "a3:1"]}
    found = hdfs.hadoop_options(settings({**FLIGHTS, "archive": archive}))
    assert found["dfs.nameservices"] == "flights,archive"
    assert found["dfs.ha.namenodes.archive"] == "nn1,nn2,nn3"
    assert found["fs.defaultFS"] == "hdfs://flights"


def test_a_view_of_a_cluster_has_its_address_and_all_else_of_hdfs() -> None:
    given = {"uri": "hdfs://a:1", "rpc_protection": "integrity", "archive": {"uri": "hdfs://b:1"}}
    found = settings(given)
    view = found.on_hdfs("archive")
    assert view.hdfs is not None
    assert (view.hdfs.uri, view.hdfs.rpc_protection) == ("hdfs://b:1", "integrity")
    assert view.spelling.setting("hdfs.uri") == "hdfs.archive.uri"
    assert view.spelling.setting("hdfs.rpc_protection") == "hdfs.rpc_protection"
    assert found.on_hdfs() is found
    assert hdfs.question(view, "/x").id != hdfs.question(found, "/x").id
    with pytest.raises(SettingsError, match=r"cluster 'west' of HDFS.*no section \[hdfs.west\]"):
        found.on_hdfs("west")
    assert found.dump()["hdfs"]["archive"] == {"uri": "hdfs://b:1", "namenodes": []}


@pytest.mark.parametrize(
    ("section", "problem"),
    [
        ({"uri": "hdfs://flights:8020", "namenodes": ["a:1", "b:1"]}, "has a port"),
        ({"uri": "hdfs://flights", "namenodes": ["a:1"]}, "names one NameNode only"),
        ({"uri": "viewfs://m"}, "names mounts, which only files of conf_dir can say"),
        ({"uri": "swebhdfs://a:9871"}, "is of the scheme swebhdfs"),
        ({"uri": "webhdfs://a:9870"}, "exactly once to hdfs and viewfs alone"),
        ({"uri": "s3a://bucket"}, "is of the scheme s3a"),
        ({"uri": "hdfs://a:1", "kms_urls": ["http://kms:9600/kms"]}, "must begin with https://"),
        ({"uri": "hdfs://a:1", "kms_urls": ["https://kms/kms"]}, "must have a port"),
        (
            {"uri": "hdfs://a:1", "kms_urls": ["https://a:1/kms", "https://b:2/kms"]},
            "the same port and path",
        ),
        ({"uri": "hdfs://a:1", "ca_certs": "/ca.pem"}, "has no effect without kms_urls"),
        ({"uri": "hdfs://a:1", "proxy_user": "alice@REALM"}, "the name of a user on HDFS"),
        ({"uri": "hdfs://a:1", "proxy_user": ""}, "the name of a user on HDFS"),
        ({"uri": "hdfs://a:1", "more": {"uri": "hdfs://a:1"}}, "is that of hdfs: name another"),
        ({"uri": "hdfs://a:1", "More": {"uri": "hdfs://b:1"}}, "no name for a section"),
        ({"uri": "hdfs://A", "more": {"uri": "hdfs://a:8020"}}, "is that of hdfs: name another"),
        ({"uri": "hdfs://a:0"}, "must be hdfs://host:port"),
        ({"uri": "hdfs://a:65536"}, "must be hdfs://host:port"),
        *(
            ({"uri": "hdfs://a:1", "namenode_principal": name}, "must be a server's principal")
            for name in (
                "",
                "hdfs",
                "*",
                "hdfs/_HOST",
                "hdfs/*@R",
                " hdfs/a@R",
                "a/b/c@R",
                "a/b@R@R",
            )
        ),
        *(
            ({"uri": "hdfs://a:1", "kms_urls": [f"https://{host}:1/kms"]}, "must name a host each")
            for host in ("a;b", "a,b", "${b}", "[::1]")
        ),
        ({"uri": "hdfs://a:1", "kms_urls": ["https://a:1/kms,b"]}, "must end with a plain path"),
        ({"uri": "hdfs://a:1", "kms_urls": ["https://a:0/kms"]}, "must have a port"),
        (
            {"uri": "hdfs://a:1", "more": {"uri": "hdfs://b:1", "rpc_protection": "integrity"}},
            "hdfs.more.rpc_protection (argument): unknown setting, did you mean "
            "hdfs.rpc_protection?",
        ),
        (
            {"uri": "hdfs://a:1", "more": {"uri": "hdfs://b:1", "user": "x"}},
            "[hdfs.more] has uri, namenodes",
        ),
        ({"more": {"uri": "hdfs://b:1"}}, "is missing, and [hdfs.more] is reached as it says"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_name(section: dict[str, Any], problem: str) -> None:
    assert problem in refusal(section)


def test_a_proxy_user_comes_after_hadoops_login_and_only_where_one_is_named() -> None:
    for user, modules in ((None, None), ("alice", ["Hadoop", "ProxyUser", "Jaas", "Zookeeper"])):
        section = {"uri": "hdfs://a:1"} | ({"proxy_user": user} if user else {})
        given = options_of(settings(section)).get("security.module.factory.classes")
        assert modules == (given and re.findall(r"(\w+)ModuleFactory", str(given)))


def test_tokens_of_the_job_itself_are_not_beside_a_proxy_user() -> None:
    section = {"uri": "hdfs://a:1", "proxy_user": "alice"}
    said = refusal(section, flink={"security.delegation.tokens.enabled": "true"})
    assert "hdfs.proxy_user has no effect" in said or "hdfs.proxy_user" in said
    settings(section, flink={"security.delegation.tokens.enabled": "false"})


def test_a_person_may_use_hdfs_by_tickets_but_not_in_a_cluster() -> None:
    tickets = {"principal": "alice@EXAMPLE.COM", "ticket_cache": "file:/tmp/krb5cc_1"}
    given = {"kerberos": tickets, "hdfs": {"uri": "hdfs://a:1"}}
    assert load_settings(overrides=given, environ={}).hdfs
    with pytest.raises(SettingsError, match="for a person's own machine"):
        load_settings(overrides=given | {"cluster": {}}, environ={})
