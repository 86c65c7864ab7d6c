# SPDX-License-Identifier: Apache-2.0
"""Several clusters of Kafka, and several logins, in the settings of one job."""

import json
import pickle
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from flinksec_jobs import kerberos, logins
from flinksec_jobs.cli import main
from flinksec_jobs.cluster import flink_conf
from flinksec_jobs.errors import SettingsError
from flinksec_jobs.file_checks import check_files
from flinksec_jobs.settings import Settings, load_settings
from flinksec_jobs.settings.weak import weaknesses

TWO = """
[kerberos]
principal = "flink@A.TEST"
keytab = "file:a.keytab"
krb5_conf = "a.conf"

[kerberos.partner]
principal = "guest@B.TEST"
keytab = "file:b.keytab"
krb5_conf = "b.conf"

[kafka]
bootstrap_servers = ["a:9093"]

[kafka.east]
bootstrap_servers = ["b:9093"]
kerberos = "partner"
ca_certs = "b.pem"
group_id = "theirs"

[kafka.east.properties]
"fetch.min.bytes" = 5
"""
SSL = {"bootstrap_servers": ["b:1"], "security_protocol": "SSL"}
KERBEROS = {"principal": "flink@A.TEST", "keytab": "file:/k"}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "job.toml"
    path.write_text(TWO)
    return path


def loaded(path: Path, environ: dict[str, str] | None = None, **overrides: Any) -> Settings:
    return load_settings(path, environ=environ or {}, overrides=overrides)


def refused(**sections: Any) -> str:
    with pytest.raises(SettingsError) as caught:
        load_settings(overrides=sections, environ={})
    return caught.value.message


def test_a_section_with_a_name_has_all_settings_and_shares_none(file: Path) -> None:
    settings = loaded(file)
    assert settings.clusters == (None, "east")
    east, bare = settings.on_kafka("east").kafka, settings.on_kafka().kafka
    assert east is not None and bare is not None
    assert (east.bootstrap_servers, east.group_id) == (("b:9093",), "theirs")
    assert east.properties == {"fetch.min.bytes": "5"}
    assert (bare.bootstrap_servers, bare.group_id, bare.properties) == (("a:9093",), None, {})
    assert east.ca_certs == file.parent / "b.pem"


def test_each_cluster_logs_in_by_its_own_principal(file: Path) -> None:
    settings = loaded(file)
    jaas = {
        cluster: logins.of(settings.on_kafka(cluster)).properties()["sasl.jaas.config"]
        for cluster in settings.clusters
    }
    directory = file.parent
    assert f'keyTab="{directory}/a.keytab" principal="flink@A.TEST"' in jaas[None]
    assert f'keyTab="{directory}/b.keytab" principal="guest@B.TEST"' in jaas["east"]


def test_there_need_be_no_section_without_a_name() -> None:
    settings = load_settings(overrides={"kafka": {"east": SSL}}, environ={})
    assert (settings.kafka, settings.clusters) == (None, ("east",))
    with pytest.raises(SettingsError, match=r"no section \[kafka\]") as caught:
        settings.on_kafka(user="the job j")
    assert 'name the cluster, cluster="east", or add [kafka]' in str(caught.value)


def test_a_cluster_that_is_not_there_is_refused_with_those_that_are(file: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        loaded(file).on_kafka("west", "the job j")
    assert caught.value.message == (
        "the job j uses the cluster 'west' of Kafka, and its settings have no section [kafka.west]"
    )
    assert "there is [kafka], [kafka.east]; add [kafka.west]" in str(caught.value.hint)


def test_variables_and_arguments_set_them_too_and_win(file: Path) -> None:
    environ = {
        "FLINKSEC_KAFKA__EAST__GROUP_ID": "by variable",
        "FLINKSEC_KAFKA__EAST__PROPERTIES__FETCH__MIN__BYTES": "7",
        "FLINKSEC_KERBEROS__PARTNER__PRINCIPAL": "other@B.TEST",
        "FLINKSEC_KAFKA__WEST__BOOTSTRAP_SERVERS": "c:1,d:1",
    }
    arguments = {"kafka.east.ca_certs": "/by-argument.pem"}
    settings = load_settings(file, environ=environ, overrides=arguments)
    east, view = settings.kafka_clusters["east"], settings.on_kafka("east")
    assert (east.group_id, str(east.ca_certs)) == ("by variable", "/by-argument.pem")
    assert east.properties == {"fetch.min.bytes": "7"}
    assert view.kerberos is not None and view.kerberos.principal == "other@B.TEST"
    assert settings.kafka_clusters["west"].bootstrap_servers == ("c:1", "d:1")
    told = {
        "kafka.east.group_id": "FLINKSEC_KAFKA__EAST__GROUP_ID",
        "kafka.east.ca_certs": "argument",
        "kafka.east.bootstrap_servers": str(file),
        "kafka.east.sasl_mechanism": "default",
        "kerberos.partner.principal": "FLINKSEC_KERBEROS__PARTNER__PRINCIPAL",
    }
    assert {name: settings.origin(name) for name in told} == told
    # A view tells them by the names without.
    assert view.origin("kafka.ca_certs") == "argument"
    assert view.origin("kerberos.principal") == "FLINKSEC_KERBEROS__PARTNER__PRINCIPAL"


@pytest.mark.parametrize(
    ("variable", "message"),
    [
        ("FLINKSEC_KAFKA__EAST__CA_CERT", "did you mean FLINKSEC_KAFKA__EAST__CA_CERTS?"),
        ("FLINKSEC_KAFKA__EAST", "names a section: write FLINKSEC_KAFKA__EAST__"),
        ("FLINKSEC_KAFKA__EAST__", "sets no setting"),
    ],
)
def test_an_unknown_variable_of_a_cluster_is_refused(variable: str, message: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings(environ={variable: "hunter2"})
    assert message in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_problems_are_told_by_the_name_of_the_cluster() -> None:
    assert refused(kafka={"east": {"ca_cert": "/x", "security_protocol": "SSL"}}).splitlines()[
        1:
    ] == [
        "  kafka.east.bootstrap_servers (argument): is missing. Brokers to ask first, each as "
        "host:port.",
        "  kafka.east.ca_cert (argument): unknown setting, did you mean kafka.east.ca_certs?",
    ]
    assert "kafka.east.client_key (argument): is missing, and client_cert needs it" in refused(
        kafka={"east": {**SSL, "client_cert": "/c"}}
    )
    assert "kafka.east.properties.acks.x" in refused(
        kafka={"east": {**SSL, "properties": {"acks.x": "1"}}}
    )
    assert (
        refused(kafka={"east": {"bootstrap_servers": ["b:1"]}})
        == "kerberos: is missing, and kafka.east.security_protocol = SASL_SSL needs it, or another "
        "kafka.east.sasl_mechanism"
    )
    assert refused(kafka={"propertes": {"acks": "all"}}).endswith(
        "kafka.propertes.acks (argument): unknown setting, did you mean [kafka.properties]?"
    )


@pytest.mark.parametrize("name", ["East", "eu-west", "1", "a__b", "_a", "a" * 41])
def test_a_name_that_no_variable_could_have_is_refused(name: str) -> None:
    assert f"kafka.{name} (argument): is no setting, and no name" in refused(kafka={name: SSL})


def test_a_login_that_nothing_chooses_and_a_choice_that_is_not_there_are_refused() -> None:
    unused = refused(kafka=SSL, kerberos={"partner": KERBEROS})
    assert unused.startswith("kerberos.partner (argument): has no effect: set kerberos")
    missing = refused(kafka={"bootstrap_servers": ["b:1"], "kerberos": "partner"})
    assert missing.startswith(
        'kafka.kerberos (argument): is "partner", and there is no section [kerberos.partner]'
    )


def test_a_login_without_a_file_of_kdcs_has_that_of_kerberos(file: Path) -> None:
    file.write_text(TWO.replace('krb5_conf = "b.conf"', ""))
    settings = loaded(file)
    assert kerberos.krb5_conf(settings) == file.parent / "a.conf"
    assert settings.origin("kerberos.partner.krb5_conf") == str(file)


def test_two_files_of_kdcs_are_one_for_a_jvm_that_includes_both(file: Path) -> None:
    merged = kerberos.krb5_conf(loaded(file))
    assert merged is not None
    directory = file.parent
    assert merged.read_text() == f"include {directory}/a.conf\ninclude {directory}/b.conf\n"
    assert merged.stat().st_mode & 0o777 == 0o600


def test_in_a_cluster_all_logins_share_one_file_of_kdcs(file: Path) -> None:
    with pytest.raises(SettingsError, match=r"same file as kerberos\.krb5_conf") as caught:
        loaded(file, cluster={})
    assert "kerberos.partner.krb5_conf" in caught.value.message
    with pytest.raises(SettingsError, match=r"same file as kerberos\.krb5_conf"):
        flink_conf.config(loaded(file))
    one = loaded(file, cluster={}, kerberos={"partner": {"krb5_conf": file.parent / "a.conf"}})
    options = str(flink_conf.config(one)[flink_conf.JAVA_OPTIONS])
    assert f"-Djava.security.krb5.conf={file.parent}/a.conf" in options


def test_the_login_of_a_process_is_not_that_of_a_cluster_with_another(file: Path) -> None:
    one: dict[str, Any] = {
        "kerberos": {"partner": {"krb5_conf": file.parent / "a.conf"}},
        "cluster": {},
    }
    contexts = "security.kerberos.login.contexts"
    assert flink_conf.config(loaded(file, **one))[contexts] == "KafkaClient"
    one["kafka"] = {"kerberos": "partner"}
    assert contexts not in flink_conf.config(loaded(file, **one))


def test_what_is_dumped_is_what_was_written(file: Path) -> None:
    settings = loaded(file)
    dumped = settings.dump()
    assert dumped["kafka"]["east"]["group_id"] == "theirs"
    assert dumped["kerberos"]["partner"]["principal"] == "guest@B.TEST"
    assert not {"kafka_clusters", "kerberos_logins"} & dumped.keys()
    assert settings.given_sections == ["kerberos", "kerberos.partner", "kafka", "kafka.east"]
    assert pickle.loads(pickle.dumps(settings)) == settings


def test_flinksec_settings_shows_them_with_their_origins(file: Path) -> None:
    shown = CliRunner().invoke(main, ["settings", "show", str(file), "--json"])
    listed = json.loads(shown.stdout)
    assert listed["kafka.east.group_id"] == {"value": "theirs", "origin": str(file)}
    assert listed["kerberos.partner.principal"]["value"] == "guest@B.TEST"
    checked = CliRunner().invoke(main, ["settings", "check", str(file), "--json"])
    told = json.loads(checked.stdout)
    assert told["sections"] == ["kerberos", "kerberos.partner", "kafka", "kafka.east"]
    settings = {one["where"]["setting"] for one in told["findings"]}
    assert settings == {
        "kerberos.keytab",
        "kerberos.krb5_conf",
        "kerberos.partner.keytab",
        "kerberos.partner.krb5_conf",
        "kafka.east.ca_certs",
    }


def test_files_and_weak_choices_are_told_by_the_name_of_the_cluster(file: Path) -> None:
    settings = loaded(file, kafka={"east": {"security_protocol": "SASL_PLAINTEXT"}})
    [weak] = weaknesses(settings)
    assert (weak.where.setting, weak.where.origin) == ("kafka.east.security_protocol", "argument")
    view = settings.on_kafka("east")
    found = check_files(view, sections={"kafka", "kerberos"})
    assert {one.where.setting for one in found} == {
        "kerberos.partner.keytab",
        "kerberos.partner.krb5_conf",
    }
    assert {one.where.origin for one in found} == {str(file)}


def test_a_view_speaks_the_names_that_are_written_and_says_them_once(file: Path) -> None:
    spelling = loaded(file).on_kafka("east").spelling
    said = "kafka.ca_certs, kerberos.keytab, [kafka], /etc/kafka.properties, kafka.example.com:9"
    told = (
        "kafka.east.ca_certs, kerberos.partner.keytab, [kafka.east], /etc/kafka.properties, "
        "kafka.example.com:9"
    )
    assert spelling.text(said) == told
    assert spelling.text(told) == told
    assert spelling.setting("kafka.bootstrap_servers[0]") == "kafka.east.bootstrap_servers[0]"
    assert spelling.setting("kafka.east.ca_certs") == "kafka.east.ca_certs"
    assert spelling.setting("hdfs.uri") == "hdfs.uri"
    with pytest.raises(SettingsError) as caught, spelling.told():
        raise SettingsError("kafka.ca_certs is missing", hint="set kafka.ca_certs")
    assert str(caught.value) == "kafka.east.ca_certs is missing\n  hint: set kafka.east.ca_certs"
