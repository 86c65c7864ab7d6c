# SPDX-License-Identifier: Apache-2.0
"""The flat options of the Elasticsearch sink: paths of secrets, never what is in them."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any, get_args

import pytest

from flinksec_jobs import elasticsearch
from flinksec_jobs.dead_letters import DeadLetters
from flinksec_jobs.elasticsearch import documents, index_pattern
from flinksec_jobs.errors import JobError, SettingsError
from flinksec_jobs.kafka.sink import Bad
from flinksec_jobs.runtime import jvm
from flinksec_jobs.settings import ElasticsearchSettings, Settings, load_settings, schema

JAVA = (
    Path(__file__).parents[2]
    / "connectors/secure-connectors/src/main/java/org/flinksec/elasticsearch"
)


def settings(**options: Any) -> Settings:
    given = {"hosts": ["https://a:1", "https://b:2"], **options}
    return load_settings(overrides={"elasticsearch": given}, environ={})


def section(**options: Any) -> ElasticsearchSettings:
    return settings(**options).need(ElasticsearchSettings)


KERBEROS = ("principal", "keytab", "ticket_cache", "service_name")
# What is said of a connection in each case.
ALWAYS = {
    "connect_timeout": "5000",
    "response_timeout": "60000",
    "keep_alive": "60000",
    "compress": "true",
    "sniff": "false",
}
OVER_TLS = ALWAYS | {"min_tls_version": "TLSv1.2"}


def test_by_default_the_certificate_is_fully_verified() -> None:
    assert elasticsearch.connection_options(settings()) == OVER_TLS | {
        "hosts": "https://a:1,https://b:2",
        "verification": "full",
    }


def test_every_setting_reaches_the_sink() -> None:
    fingerprint = "ab" * 32
    options = elasticsearch.connection_options(
        settings(
            verification="fingerprint",
            fingerprint=fingerprint,
            min_tls_version="TLSv1.3",
            username="flink",
            password="file:/password",
            client_cert="/client.pem",
            client_key="file:/client.key",
            client_key_password="file:/client.password",
            proxy="http://proxy:3128",
            proxy_username="job",
            proxy_password="file:/proxy.password",
            connect_timeout="2 s",
            response_timeout="3 s",
            keep_alive="4 s",
            compress=False,
            sniff=True,
        )
    )
    assert options == {
        "hosts": "https://a:1,https://b:2",
        "verification": "fingerprint",
        "fingerprint": fingerprint,
        "min_tls_version": "TLSv1.3",
        "username": "flink",
        "password": "/password",
        "client_cert": "/client.pem",
        "client_key": "/client.key",
        "client_key_password": "/client.password",
        "proxy": "http://proxy:3128",
        "proxy_username": "job",
        "proxy_password": "/proxy.password",
        "connect_timeout": "2000",
        "response_timeout": "3000",
        "keep_alive": "4000",
        "compress": "false",
        "sniff": "true",
    }


def test_a_login_by_kerberos_is_who_the_settings_say_for_a_service() -> None:
    given = {
        "elasticsearch": {"hosts": ["https://a:1"], "kerberos": True},
        "kerberos": {"principal": "flink@EXAMPLE.COM", "keytab": "file:/flink.keytab"},
    }
    options = elasticsearch.connection_options(load_settings(overrides=given, environ={}))
    assert {name: value for name, value in options.items() if "kerberos" in name} == {
        "kerberos_principal": "flink@EXAMPLE.COM",
        "kerberos_keytab": "/flink.keytab",
        "kerberos_service_name": "HTTP",
    }
    with pytest.raises(SettingsError, match=r"kerberos: is missing, and elasticsearch\.kerberos"):
        settings(kerberos=True)


def test_over_plain_http_nothing_is_said_to_be_verified() -> None:
    options = elasticsearch.connection_options(settings(hosts=["http://a:1"], verification="none"))
    assert options == ALWAYS | {"hosts": "http://a:1"}


def test_an_api_key_is_a_path_whose_content_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("hunter2")
    options = elasticsearch.connection_options(settings(api_key=f"file:{tmp_path}/key"))
    assert options["api_key"] == f"{tmp_path}/key"
    assert "hunter2" not in str(options)


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """The calls to the JVM that build a sink, which is not there."""
    calls: list[tuple[Any, ...]] = []
    sinks = SimpleNamespace(
        forJson=lambda *given: calls.append(("json", *given)),
        forRows=lambda *given: calls.append(("rows", *given)),
    )
    packages = SimpleNamespace(flinksec=SimpleNamespace(elasticsearch=SimpleNamespace()))
    packages.flinksec.elasticsearch.ElasticsearchSinks = sinks

    def as_dict(values: Mapping[str, str]) -> dict[str, str]:
        return dict(values)

    monkeypatch.setattr(jvm, "view", lambda: SimpleNamespace(org=packages))
    monkeypatch.setattr(jvm, "string_map", as_dict)
    monkeypatch.setattr(jvm, "is_stream_of_strings", lambda _: True)
    return calls


def attach(sink: Any, row_type: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jvm, "row_type_of", lambda _: row_type)
    sink.get_transformer().apply("the stream")


def test_a_sink_of_rows_knows_index_id_and_what_to_do_with_a_bad_document(
    built: list[tuple[Any, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    sink = elasticsearch.sink(
        settings(), "flights", elasticsearch.Documents(id_field="id"), Bad("skip", 7)
    )
    attach(sink, "the row type", monkeypatch)
    expected = OVER_TLS | {
        "hosts": "https://a:1,https://b:2",
        "verification": "full",
        "index": "flights",
        "id_field": "id",
        "on_error": "skip",
        "max_skipped_in_a_row": "7",
        "max_batch_size": "1000",
        "max_batch_bytes": "5242880",
        "max_in_flight": "4",
        "max_buffered": "10000",
        "flush_interval": "1000",
        "target_latency": "10000",
        "retry_timeout": "300000",
        "retry_backoff": "100",
        "max_retry_backoff": "10000",
    }
    assert built == [("rows", expected, "the row type")]


def test_a_sink_of_strings_takes_json_as_it_is(
    built: list[tuple[Any, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    sink = elasticsearch.sink(settings(), "flights", elasticsearch.Documents(), Bad("fail", 7))
    attach(sink, None, monkeypatch)
    ((kind, options),) = built
    assert kind == "json"
    assert (options["index"], options["on_error"]) == ("flights", "fail")
    assert "id_field" not in options


@pytest.mark.parametrize("problem", [None, "elasticsearch.ca_certs: the certificate is unknown"])
def test_elasticsearch_is_asked_with_the_connection_of_the_sink_once_for_all_indices(
    monkeypatch: pytest.MonkeyPatch, problem: str | None
) -> None:
    asked: list[Any] = []

    def check(options: dict[str, str], indices: list[str]) -> str | None:
        asked.append((options, indices))
        return problem

    preflight = SimpleNamespace(ElasticsearchPreflight=SimpleNamespace(check=check))
    package = SimpleNamespace(connection=preflight)
    org = SimpleNamespace(flinksec=SimpleNamespace(elasticsearch=package))
    monkeypatch.setattr(jvm, "view", lambda: SimpleNamespace(org=org))
    monkeypatch.setattr(jvm, "string_map", dict)
    monkeypatch.setattr(jvm, "string_list", list)
    found = settings(ca_certs="/ca.pem")
    if problem is None:
        elasticsearch.ask(found, ["flights", "late"])
    else:
        with pytest.raises(JobError) as caught:
            elasticsearch.ask(found, ["flights", "late"])
        assert problem in caught.value.message
    assert asked == [(elasticsearch.connection_options(found), ["flights", "late"])]


def test_every_limit_of_the_sink_can_be_set() -> None:
    found = section(
        max_batch_size=10,
        max_batch_bytes=2048,
        max_in_flight=2,
        max_buffered=11,
        flush_interval="50 ms",
        target_latency="2 s",
        retry_timeout="1 min",
        retry_backoff="1 s",
        max_retry_backoff="5 s",
    )
    assert elasticsearch.limits(found) == {
        "max_batch_size": "10",
        "max_batch_bytes": "2048",
        "max_in_flight": "2",
        "max_buffered": "11",
        "flush_interval": "50",
        "target_latency": "2000",
        "retry_timeout": "60000",
        "retry_backoff": "1000",
        "max_retry_backoff": "5000",
    }
    assert elasticsearch.limits(section(max_batch_size=7))["max_buffered"] == "70"


def test_the_longest_delay_of_retries_is_not_less_than_the_first() -> None:
    with pytest.raises(SettingsError, match=r"max_retry_backoff.*not be less than retry_backoff"):
        settings(retry_backoff="2 min")


def test_dead_letters_go_to_an_index_of_their_own(
    built: list[tuple[Any, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    documents = elasticsearch.Documents()
    sink = elasticsearch.sink(settings(), "flights", documents, Bad("skip", 7), "dead")
    attach(sink, None, monkeypatch)
    assert built[0][1]["dead_letter_index"] == "dead"
    use = elasticsearch.writing(settings(), "flights", "dead")
    assert use.questions[0].about == ("flights", "dead")
    with pytest.raises(SettingsError, match="dead_letter_index is 'flights', which the documents"):
        elasticsearch.sink(settings(), "flights", documents, Bad("dead_letter", 7), "flights")
    with pytest.raises(SettingsError, match="must be lowercase"):
        elasticsearch.sink(settings(), "flights", documents, Bad("dead_letter", 7), "Dead")


def test_an_index_of_dead_letters_without_letters_is_refused() -> None:
    letters = DeadLetters("job", settings(), lambda use: None)
    with pytest.raises(SettingsError, match="keeps dead letters, and on_error is 'fail'") as caught:
        letters.of_index("fail", "dead")
    assert caught.value.hint == 'write on_error="dead_letter", or remove dead_letter_index'
    assert letters.of_index("dead_letter", "dead").on_error == "dead_letter"


def test_a_buffer_holds_more_than_a_batch() -> None:
    with pytest.raises(SettingsError, match=r"max_buffered.*more than max_batch_size, 1000"):
        settings(max_buffered=1000)


def test_java_knows_the_settings_that_python_sends_and_no_others() -> None:
    def known(java_class: str) -> set[str]:
        text = (JAVA / java_class).read_text()
        return set(re.findall(r'flat\.\w+\(\s*(?:\d+, )?"(\w+)"', text))

    https = [f"../https/{name}.java" for name in ("HttpsSettings", "Login", "Proxy")]
    connection = set[str]().union(*map(known, ["connection/ConnectionSettings.java", *https]))
    by_kerberos = {name for name in connection if name.startswith("kerberos_")}
    limits_and_arguments = known("SinkSettings.java")
    sent = elasticsearch.limits(section()).keys()
    every = documents.Documents(
        "id",
        ["a", "b"],
        "update",
        "op",
        "r",
        "v",
        "bad",
        ["x"],
        True,
        "p",
        True,
        {"f": "t"},
        "s",
        "i",
    ).options()
    of_documents = known("Addressing.java") | known("Actions.java") | known("Content.java")
    assert limits_and_arguments | of_documents == sent | every.keys() | {
        "index",
        "dead_letter_index",
        "index_contact",
        "index_pattern",
        "max_skipped_in_a_row",
    }
    assert by_kerberos == {f"kerberos_{name}" for name in KERBEROS}
    of_python = {"hosts", "kerberos", "kerberos_service_name", "setup", "on_difference"}
    assert connection - by_kerberos | sent | of_python == set(ElasticsearchSettings.model_fields)


def test_every_setting_that_java_names_in_a_message_exists() -> None:
    sections = set(Settings.model_fields) - {"flink"}
    names = {setting.name for setting in schema.settings()} | sections
    shipped = [
        path
        for path in JAVA.parents[6].glob("*/src/main/java/**/*.java")
        if "sandbox" not in str(path)  # which speaks to its own servers
    ]
    found = [
        (path.name, name)
        for path in sorted(shipped)
        for text in re.findall(r'"((?:[^"\\\n]|\\.)*)"', path.read_text())
        for name in re.findall(r"(?<![\w./-])[a-z]+\.[a-z][a-z_0-9]+(?![\w(])", text)
        if name.partition(".")[0] in sections
    ]
    assert {name for _, name in found} - names == set(), found
    assert ("BulkClient.java", "elasticsearch.max_batch_bytes") in found


def test_java_knows_the_same_operations() -> None:
    text = re.sub(r"/\*.*?\*/", "", (JAVA / "Operation.java").read_text(), flags=re.DOTALL)
    body = text.partition("enum Operation {")[2].partition(";")[0]
    words = tuple(word.lower() for word in re.findall(r"\b[A-Z]+\b", body))
    assert words == get_args(documents.Operation)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"operation": "merge"}, "operation='merge'"),
        ({"version_conflict": "fail"}, "version_conflict='fail'"),
        ({"id_fields": "id"}, "id_fields is text"),
        ({"exclude": "id"}, "exclude is text"),
        ({"id_fields": None}, "id_fields is of the type NoneType"),
        ({"id_fields": [5]}, "id_fields holds something else than names"),
        ({"exclude": ["a", ""]}, "exclude holds something else than names"),
        ({"id_fields": ["a\nb"]}, "id_fields holds something else than names"),
        ({"id_field": ["a"]}, "id_field is of the type list"),
        ({"operation": "update", "script": " "}, "script is empty"),
        ({"require_alias": "no"}, "require_alias is str"),
        ({"omit_nulls": 1}, "omit_nulls is int"),
        ({"dynamic_templates": ["a"]}, "dynamic_templates must be a dict"),
        ({"dynamic_templates": {"a": 5}}, "dynamic_templates must be a dict"),
        *(
            ({name: ""}, f"{name} is empty")  # of a variable that is not set, say
            for name in (
                "id_field",
                "operation_field",
                "routing_field",
                "version_field",
                "pipeline",
            )
        ),
        ({"id_field": "a", "id_fields": ["a", "b"]}, "two ids"),
        ({"operation": "update", "script": "a", "stored_script": "b"}, "two scripts"),
        ({"script": "a"}, "a script is what updates do"),
    ],
)
def test_what_is_said_of_documents_and_is_nothing_or_contradicts_itself_is_refused(
    said: Any, told: str
) -> None:
    with pytest.raises(SettingsError, match=re.escape(told)) as caught:
        documents.Documents(**said).check()
    assert caught.value.hint


def test_a_pattern_is_pieces_for_the_jvm_and_one_question_for_the_server() -> None:
    found = index_pattern.parse(
        "f-{departed_at:%Y.%m.%d h%H}-{airline:lower}-{number}-x".replace(" ", "-")
    )
    assert json.loads(str(found.pieces)) == [
        "f-",
        {"field": "departed_at", "date": "uuuu'.'MM'.'dd'-h'HH"},
        "-",
        {"field": "airline", "lower": True},
        "-",
        {"field": "number", "lower": False},
        "-x",
    ]
    assert found.contact == "f-*-*-*-x"
    for name in ("flights", "<logs-{now/d}>"):
        assert index_pattern.parse(name) == index_pattern.IndexPattern(name, None, name)


@pytest.mark.parametrize(
    ("pattern", "told"),
    [
        ("{tenant}", "a record could name any index"),
        ("f-{at:%Q}", "%Q is none of %Y, "),
        ("f-{at:upper}", "'upper' is none of"),
        ("f-{at:%}", "% is none of"),
        ("f-{not a field}", "names no field"),
        ("f-{}", "names no field"),
        ("f-{a", "a brace has no other"),
        ("F-{a}", "the name of an index must be lowercase"),
        ("f*-{a}", "must not contain '*'"),
        ("f-{at:%Y/%m}", "must not contain '/'"),
        ("x" * 255 + "{a}", "at most 255 bytes"),
    ],
)
def test_a_pattern_of_which_no_legal_name_comes_is_refused(pattern: str, told: str) -> None:
    with pytest.raises(SettingsError) as caught:
        index_pattern.parse(pattern)
    assert told in caught.value.message
    assert caught.value.hint
