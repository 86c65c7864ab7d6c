# SPDX-License-Identifier: Apache-2.0
"""A mounted Hadoop configuration is merged: what the settings decide cannot be taken away."""

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flinksec_jobs import hadoop_conf, hadoop_files, hdfs
from flinksec_jobs.errors import SettingsError
from flinksec_jobs.file_checks import check_files
from flinksec_jobs.settings import HdfsSettings, load_settings

KERBEROS = {"principal": "flink@EXAMPLE.COM", "keytab": "file:/etc/flink.keytab"}
HOSTILE = """<?xml version="1.0"?>
<?xml-stylesheet type="text/xsl" href="configuration.xsl"?>
<configuration>
  <property><name>fs.defaultFS</name><value>hdfs://evil:1</value><final>true</final></property>
  <property><name>fs.default.name</name><value>hdfs://evil:1</value></property>
  <property><name> hadoop.rpc.protection
  </name><value>authentication</value><final>true</final></property>
  <property name="dfs.data.transfer.protection" value="authentication" final="true"/>
  <property><name>hadoop.security.authentication</name><value>simple</value></property>
  <property><name>ipc.client.fallback-to-simple-auth-allowed</name><value>true</value></property>
  <property><name>dfs.trustedchannel.resolver.class</name><value>x.TrustsAll</value></property>
  <property><name>dfs.data.transfer.saslproperties.resolver.class</name><value>x</value></property>
  <property><name>hadoop.security.saslproperties.resolver.class</name><value>x</value></property>
  <property><name>dfs.namenode.kerberos.principal.pattern</name><value>*</value></property>
  <property><name>dfs.encrypt.data.transfer.cipher.suites</name><value></value></property>
  <property><name>hadoop.ssl.hostname.verifier</name><value>ALLOW_ALL</value></property>
  <property><name>hadoop.ssl.client.conf</name><value>evil-ssl.xml</value></property>
  <property><name>hadoop.ssl.enabled.protocols</name><value>SSLv3</value></property>
  <property><name>ssl.client.truststore.location</name><value>/evil</value></property>
  <property><name>hadoop.security.key.provider.path</name><value>kms://http@evil:1/kms</value></property>
  <property><name>dfs.encryption.key.provider.uri</name><value>jceks://file@/evil</value></property>
  <property><name>dfs.client.ignore.namenode.default.kms.uri</name><value>false</value></property>
  <property><name>hadoop.rpc.socket.factory.class.default</name><value>evil</value></property>
  <property><name>hadoop.rpc.socket.factory.class.ClientProtocol</name><value>evil</value></property>
  <property><name>fs.hdfs.impl</name><value>evil</value></property>
  <property><name>fs.AbstractFileSystem.hdfs.impl</name><value>evil</value></property>
  <property><name>hadoop.kerberos.kinit.command</name><value>evil</value></property>
  <property><name>hadoop.security.group.mapping</name><value>evil</value></property>
  <property><name>fs.client.resolve.topology.enabled</name><value>true</value></property>
  <property><name>hadoop.security.secure.random.impl</name><value>evil</value></property>
  <property><name>hadoop.security.crypto.codec.classes.aes.ctr.nopadding</name><value>evil</value></property>
  <property><name>dfs.nameservices</name><value>one</value></property>
</configuration>
"""


def conf_dir(path: Path, core: str | None = None, hdfs_site: str | None = None) -> Path:
    for name, text in (("core-site.xml", core), ("hdfs-site.xml", hdfs_site)):
        if text is not None:
            (path / name).write_text(text)
    return path


def options(directory: Path, **more: Any) -> dict[str, str]:
    section = {"uri": "hdfs://name:8020", "conf_dir": directory, **more}
    found = load_settings(overrides={"kerberos": KERBEROS, "hdfs": section}, environ={})
    return hdfs.hadoop_options(found)


def prop(name: str, value: str, final: str = "false") -> str:
    return f"<property><name>{name}</name><value>{value}</value><final>{final}</final></property>"


def test_nothing_in_a_hostile_directory_weakens_what_the_settings_say(tmp_path: Path) -> None:
    found = options(conf_dir(tmp_path, HOSTILE, HOSTILE))
    assert (
        found.items()
        >= {
            "fs.defaultFS": "hdfs://name:8020",
            "hadoop.security.authentication": "kerberos",
            "hadoop.security.authorization": "true",
            "hadoop.rpc.protection": "privacy",
            "dfs.data.transfer.protection": "privacy",
            "dfs.encrypt.data.transfer.cipher.suites": "AES/CTR/NoPadding",
            "ipc.client.fallback-to-simple-auth-allowed": "false",
            "hadoop.ssl.hostname.verifier": "DEFAULT",
            "hadoop.ssl.enabled.protocols": "TLSv1.2,TLSv1.3",
            "dfs.client.ignore.namenode.default.kms.uri": "true",
            "hadoop.rpc.socket.factory.class.ClientProtocol": (
                "org.flinksec.hadoop.ProtectedSockets"
            ),
            "dfs.nameservices": "one",
        }.items()
    )
    assert "evil" not in str(found)
    assert not [name for name in found if "resolver" in name or "pattern" in name]
    assert "final" not in hadoop_files.as_xml(found)


def test_the_check_names_each_option_that_is_not_taken(tmp_path: Path) -> None:
    section = {"uri": "hdfs://name:8020", "conf_dir": conf_dir(tmp_path, HOSTILE)}
    settings = load_settings(overrides={"kerberos": KERBEROS, "hdfs": section}, environ={}).need(
        HdfsSettings
    )
    given = hadoop_files.read(tmp_path, "hdfs.conf_dir")
    assert hadoop_conf.overruled(given, hadoop_conf.decided(settings)) == sorted(
        set(given) - {"dfs.nameservices"}
    )


def test_a_kms_of_the_directory_is_asked_over_https_alone(tmp_path: Path) -> None:
    name = "hadoop.security.key.provider.path"
    for value, taken in (
        ("kms://https@kms.example.com:9600/kms", True),
        ("kms://http@kms.example.com:9600/kms", False),
        ("jceks://file/tmp/keys", False),
        ("kms://https@good:1/kms,jceks://file/tmp/keys", False),
    ):
        text = f"<configuration>{prop(name, value)}</configuration>"
        found = options(conf_dir(tmp_path, text))
        assert (found.get(name) == value) is taken, value
    said = options(tmp_path, kms_urls=["https://a.example.com:9600/kms"], ca_certs="/ca.pem")
    assert said[name] == "kms://https@a.example.com:9600/kms"


def test_mounts_of_viewfs_are_on_hdfs_alone(tmp_path: Path) -> None:
    good = prop("fs.viewfs.mounttable.m.link./data", "hdfs://name:8020/data")
    bad = prop("fs.viewfs.mounttable.m.link./tmp", "file:///tmp")
    text = f"<configuration>{good}</configuration>"
    found = options(conf_dir(tmp_path, text), uri="viewfs://m")
    assert found["fs.viewfs.mounttable.m.link./data"] == "hdfs://name:8020/data"
    for uri in ("viewfs://m", "hdfs://name:8020"):
        with pytest.raises(SettingsError, match=r"link\./tmp what is not on HDFS") as caught:
            options(conf_dir(tmp_path, f"<configuration>{good}{bad}</configuration>"), uri=uri)
        assert caught.value.hint


def test_what_the_settings_do_not_decide_is_taken_from_the_directory(tmp_path: Path) -> None:
    site = "<configuration>" + prop("dfs.namenode.kerberos.principal", "nn/_HOST@X")
    site += prop("dfs.replication", "2") + prop("ipc.client.connect.timeout", "99")
    found = options(conf_dir(tmp_path, hdfs_site=site + "</configuration>"))
    assert found["dfs.namenode.kerberos.principal"] == "nn/_HOST@X"
    assert found["dfs.replication"] == "2"
    assert found["ipc.client.connect.timeout"] == "99"
    assert options(tmp_path, replication=3)["dfs.replication"] == "3"


def test_files_follow_each_other_as_in_hadoop_and_a_final_value_stays(tmp_path: Path) -> None:
    core = f"<configuration>{prop('a', 'core', 'true')}{prop('b', 'core')}</configuration>"
    site = f"<configuration>{prop('a', 'hdfs')}{prop('b', 'hdfs')}</configuration>"
    read = hadoop_files.read(conf_dir(tmp_path, core, site), "hdfs.conf_dir")
    assert read == {"a": "core", "b": "hdfs"}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('<!DOCTYPE c [<!ENTITY e SYSTEM "file:///etc/hostname">]><c>&e;', "has a document type"),
        ('<!DOCTYPE c SYSTEM "http://x/y.dtd"><configuration/>', "has a document type"),
        (
            '<configuration xmlns:xi="http://www.w3.org/2001/XInclude">'
            '<xi:include href="/etc/passwd"/></configuration>',
            "includes another file with xi:include",
        ),
        ("<configuration>", "is not XML, line 1"),
        ("", "is not XML, line 1"),
        ("<a>" * 100, "is nested deeper"),
        ("<html/>", "is not a configuration of Hadoop"),
        ('<?xml version="1.0" encoding="no-such"?><configuration/>', "is not XML"),
        ("<configuration>" + " " * (5 << 20), "cannot be read: holds more than 1 MiB"),
    ],
)
def test_a_file_that_is_no_plain_configuration_is_refused_by_name(
    tmp_path: Path, text: str, problem: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        options(conf_dir(tmp_path, text))
    assert f"hdfs.conf_dir {tmp_path}/core-site.xml {problem}" in caught.value.message
    assert caught.value.hint


def test_a_fifo_in_its_place_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "core-site.xml")
    with pytest.raises(SettingsError, match=r"core-site\.xml cannot be read: is a named pipe"):
        options(tmp_path)


def test_a_directory_without_a_configuration_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"holds neither core-site\.xml nor hdfs-site\.xml"):
        options(tmp_path)
    (tmp_path / "core-site.xml").symlink_to("gone")
    with pytest.raises(SettingsError, match="cannot be read: no such file"):
        options(tmp_path)


TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["C"]), max_size=20)


@given(st.dictionaries(TEXT.map(str.strip).filter(bool), TEXT.filter(bool), max_size=5))
def test_what_is_written_is_read_again(
    tmp_path_factory: pytest.TempPathFactory, given_: dict[str, str]
) -> None:
    directory = tmp_path_factory.mktemp("conf")
    (directory / "hdfs-site.xml").write_text(hadoop_files.as_xml(given_), "utf-8")
    assert hadoop_files.read(directory, "hdfs.conf_dir") == given_


def test_the_check_of_the_settings_opens_the_directory(tmp_path: Path, keytab: Path) -> None:
    krb5 = tmp_path / "krb5.conf"
    krb5.write_text("[libdefaults]\n")
    kerberos = KERBEROS | {"keytab": keytab, "krb5_conf": krb5}
    section = {"uri": "hdfs://name:8020", "conf_dir": conf_dir(tmp_path, HOSTILE)}
    found = check_files(
        load_settings(overrides={"kerberos": kerberos, "hdfs": section}, environ={})
    )
    assert {(one.id, one.severity) for one in found} == {("hadoop-option-overruled", "warning")}
    assert (
        f"hdfs.conf_dir {tmp_path}: hadoop.rpc.protection (set by argument): it is ignored "
        "there: the settings decide" in map(str, found)
    )
