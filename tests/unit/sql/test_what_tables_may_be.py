# SPDX-License-Identifier: Apache-2.0
"""Tables open nothing, hold no secret and lose no record unnoticed."""

from __future__ import annotations

import pytest

from flinksec_jobs.errors import StatementError
from flinksec_jobs.settings.kafka_properties import STRONG, kafka_properties
from flinksec_jobs.sql import allowed, definitions
from flinksec_jobs.sql.gate import Used
from flinksec_jobs.sql.statements import statements
from flinksec_jobs.sql.tokens import Text

KAFKA = {"connector": "flinksec-kafka", "topic": "a", "format": "json"}


def refused(**options: str) -> list[str]:
    given = {name.replace("__", "-"): value for name, value in options.items()}
    return [one.why for one in allowed.refusals(given)]


def of_kafka(key: str, value: str) -> list[str]:
    return [one.why for one in allowed.refusals(KAFKA | {key: value})]


def judge(*more: str) -> definitions.Judge:
    return definitions.Judge(more, ("",))


def check(sql: str, *more: str) -> None:
    definitions.check(statements(Text("job.sql", sql))[0], judge(*more))


@pytest.mark.parametrize("connector", ["flinksec-kafka", "flinksec-upsert-kafka", "datagen"])
def test_these_connectors_need_no_setting(connector: str) -> None:
    assert refused(connector=connector) == []


@pytest.mark.parametrize("connector", ["filesystem", "print", "jdbc", "elasticsearch-7", "kafka"])
def test_other_connectors_are_refused_by_name(connector: str) -> None:
    (why,) = refused(connector=connector)
    assert why.startswith(f"'connector' = '{connector}'")


def test_a_connector_that_the_settings_name_is_taken_but_never_with_a_secret() -> None:
    assert list(allowed.refusals({"connector": "jdbc", "url": "jdbc:x"}, more=["jdbc"])) == []
    (found,) = allowed.refusals({"connector": "jdbc", "password": "hunter2"}, more=["jdbc"])
    assert "'password' holds a secret" in found.why
    assert "hunter2" not in found.why + found.fix


@pytest.mark.parametrize("name", sorted(kafka_properties()))
def test_a_property_of_kafkas_clients_is_taken_only_if_the_settings_take_it(name: str) -> None:
    is_free = kafka_properties()[name].kind in {"free", "connector"}
    value = {
        "ssl.endpoint.identification.algorithm": "https",
        "ssl.protocol": "TLSv1.3",
        "ssl.enabled.protocols": "TLSv1.3",
        "ssl.cipher.suites": "TLS_AES_256_GCM_SHA384",
    }.get(name, STRONG.get(name, "1")[0])
    assert (of_kafka(f"properties.{name}", value) == []) is is_free


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ssl.endpoint.identification.algorithm", ""),
        ("client.dns.lookup", "resolve_canonical_bootstrap_servers_only"),
        ("acks", "1"),
        ("isolation.level", "read_uncommitted"),
    ],
)
def test_what_the_settings_may_weaken_with_a_warning_a_table_may_not(name: str, value: str) -> None:
    assert name in STRONG
    (why,) = of_kafka(f"properties.{name}", value)
    assert f"'properties.{name}' = '{value}' is weaker than what holds without it" in why


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("properties.sasl.jaas.config", "hunter2"),
        ("properties.SASL.JAAS.CONFIG", "hunter2"),
        ("properties.ssl.truststore.password", "hunter2"),
        ("properties.security.protocol", "PLAINTEXT"),
        ("properties.bootstrap.servers", "evil:9092"),
        ("properties.no.such.property", "hunter2"),
        ("properties.client.id", "${directory:/etc:passwd}"),
        ("properties.ssl.endpoint.identification.algorithm", "off"),
        ("sink.transactional-id-prefix", "x"),
        ("sink.partitioner", "org.example.Evil"),
        ("sink.semantic", "none"),
        ("sink.delivery-guarantee", "none"),
        ("sink.delivery-guarantee", "EXACTLY_ONCE"),
        ("sink.transaction-naming-strategy", "pooling"),
        ("json.ignore-parse-errors", "true"),
        ("value.csv.ignore-parse-errors", "TRUE"),
        ("on-error", "drop"),
        ("cluster", "elsewhere"),
        ("value.format", "avro-confluent"),
        ("value.avro-confluent.basic-auth.user-info", "a:hunter2"),
    ],
)
def test_an_option_that_weakens_or_loses_something_is_refused_without_its_secret(
    key: str, value: str
) -> None:
    found = list(allowed.refusals(KAFKA | {key: value}))
    assert found
    for one in found:
        assert key in one.why
        assert "hunter2" not in one.why + one.fix


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("scan.startup.mode", "timestamp"),
        ("properties.fetch.min.bytes", "1"),
        ("sink.partitioner", "round-robin"),
        ("key.fields", "token_id"),
        ("json.ignore-parse-errors", "false"),
        ("on-error", "skip"),
        ("sink.delivery-guarantee", "at-least-once"),
    ],
)
def test_flinks_own_options_stay(key: str, value: str) -> None:
    assert of_kafka(key, value) == []


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("SELECT 1", "SELECT is not taken"),
        ("INSERT INTO a SELECT 1", "INSERT INTO a is not taken"),
        ("CREATE TABLE a AS SELECT 1", "CREATE TABLE a AS would run a job of its own"),
        ("CREATE CATALOG c WITH ('type'='jdbc')", "CREATE CATALOG c is not taken"),
        ("CREATE MODEL m WITH ('provider'='openai')", "CREATE MODEL m is not taken"),
        ("CREATE FUNCTION f AS 'x' USING JAR 'https://evil/x.jar'", "USING JAR brings code"),
        ("ADD JAR 'https://evil/x.jar'", "ADD JAR is not taken"),
        ("UNLOAD MODULE flinksec", "UNLOAD MODULE flinksec is not taken"),
        ("USE MODULES core", "USE MODULES core is not taken"),
        ("DELETE FROM a", "DELETE FROM a is not taken"),
        ("CALL sys.x()", "CALL sys.x is not taken"),
        ("EXECUTE PLAN 'x'", "EXECUTE PLAN is not taken"),
        ("( SELECT 1 )", " is not taken"),
        ("ALTER TABLE a SET ('connector' = 'kafka')", "'connector' = 'kafka' connects without"),
    ],
)
def test_a_statement_that_goes_past_the_job_is_refused_with_its_place(sql: str, told: str) -> None:
    with pytest.raises(StatementError) as caught:
        check(f"\n  {sql}")
    assert caught.value.message.startswith("job.sql:2:")
    assert told in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TEMPORARY VIEW v AS SELECT 1",
        "CREATE TEMPORARY SYSTEM FUNCTION f AS 'udfs.half' LANGUAGE PYTHON",
        "CREATE TABLE a (b INT) WITH ('connector' = 'datagen')",
        "CREATE TABLE a LIKE b",
        "ALTER TABLE a RENAME TO b",
        "DROP TABLE IF EXISTS a",
        "USE other",
    ],
)
def test_definitions_are_taken(sql: str) -> None:
    check(sql)


def test_a_refused_option_is_told_by_its_own_line() -> None:
    with pytest.raises(StatementError) as caught:
        check(
            "CREATE TABLE a (b INT) WITH (\n 'connector' = 'flinksec-kafka',\n   'cluster' = 'x')"
        )
    assert caught.value.message.startswith("job.sql:3:4: CREATE TABLE a: 'cluster' = 'x'")


def test_what_a_hint_or_an_alias_brings_is_judged_as_the_planner_has_it() -> None:
    found = judge()
    text = Text("job.sql", "\nCREATE TABLE a (b INT) WITH ('connector' = 'datagen')")
    definitions.check(statements(text)[0], found)
    used = Used("default_catalog.default_database.a", True, {"connector": "filesystem"})
    with pytest.raises(StatementError) as caught:
        definitions.check_used([used], found)
    assert caught.value.message.startswith("job.sql:2:1: table a: 'connector' = 'filesystem'")


@pytest.mark.parametrize("connector", ["kafka", "upsert-kafka", "dynamic-kafka"])
def test_no_setting_lets_flinks_own_kafka_in_which_would_have_another_login(connector: str) -> None:
    found = [one.why for one in allowed.refusals({"connector": connector}, more=[connector])]
    assert found == [f"'connector' = '{connector}' connects without the job's settings"]
    (one,) = allowed.refusals({"connector": connector}, more=[connector])
    assert one.fix.startswith("write 'flinksec-")
