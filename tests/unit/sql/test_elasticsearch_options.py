# SPDX-License-Identifier: Apache-2.0
"""A table of Elasticsearch has the arguments of ``to_elasticsearch``, and nothing of the login."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from flinksec_jobs import SecureJob
from flinksec_jobs.settings import load_settings
from flinksec_jobs.sql import allowed, elasticsearch_options, table_uses
from flinksec_jobs.sql.gate import Used
from flinksec_jobs.sql.refusal import Refusal

JAVA = (
    Path(__file__).parents[3]
    / "connectors/secure-connectors/src/main/java/org/flinksec/tables/ElasticsearchOptions.java"
)
TABLE = {"connector": elasticsearch_options.NAME, "index": "flights-{carrier:lower}"}


def refused(key: str, value: str) -> Refusal | None:
    return next(iter(allowed.refusals(TABLE | {key: value})), None)


def test_options_are_the_arguments_of_the_sink_but_for_those_that_columns_say() -> None:
    arguments = inspect.signature(SecureJob.to_elasticsearch).parameters
    named = {name.replace("_", "-") for name in arguments} - {"self"}
    by_columns = {"id-field", "id-fields", "dynamic-templates"}
    assert set(elasticsearch_options.OPTIONS) - {"sink.parallelism"} == named - by_columns


def test_java_takes_the_same_options() -> None:
    source = JAVA.read_text()
    (plain,) = re.findall(r"PLAIN =\s+List\.of\((.*?)\);", source, re.DOTALL)
    constants = dict(re.findall(r'String (\w+) = "([\w.-]+)";', source))
    words = [constants.get(one, one) for one in re.findall(r"[\w-]+", plain)]
    others = {"index", "on-error", "cluster", "version-conflict", "exclude", "sink.parallelism"}
    assert {*words, *others} == set(elasticsearch_options.OPTIONS)
    assert constants["TEMPLATES"] == elasticsearch_options.TEMPLATES


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("operation", "upsert"),
        ("routing-field", "carrier"),
        ("exclude", "a;b"),
        ("dynamic-templates.place", "geo"),
        ("require-alias", "true"),
        ("omit-nulls", "true"),
        ("index", "<logs-{now/d}>"),
        ("script", "ctx._source.n += params.doc.n"),
    ],
)
def test_these_are_taken(key: str, value: str) -> None:
    assert refused(key, value) is None


@pytest.mark.parametrize(
    ("key", "value", "why", "fix"),
    [
        ("hosts", "https://x", "use elasticsearch.hosts", "leave it out"),
        ("password", "hunter2", "use elasticsearch.password", "leave it out"),
        ("sink.bulk-flush.interval", "1s", "use elasticsearch.flush_interval", "leave it out"),
        ("flush-interval", "1s", "use elasticsearch.flush_interval", "leave it out"),
        ("proxy-password", "hunter2", "holds a secret", "login is that of [elasticsearch]"),
        ("format", "json", "documents are JSON", "leave it out"),
        ("id-field", "a", "the id is the PRIMARY KEY", "PRIMARY KEY (…) NOT ENFORCED"),
        ("failure-handler", "ignore", "runs other code", "'on-error' = 'skip'"),
        ("operation", "put", "is not one of 'index'", "choose from"),
        ("require-alias", "yes", "is not one of 'true', 'false'", "choose from"),
        ("on-error", "ignore", "is not one of 'fail'", "choose from"),
        ("cluster", "east", "no section [kafka.east]", "[kafka]"),
        ("pipelin", "x", "'pipelin' is no option", "did you mean 'pipeline'?"),
        ("index", "Flights", "must be lowercase", "index names are lowercase"),
        ("index", "{a}", "it begins with a field", "write it as"),
    ],
)
def test_these_are_refused_by_name_with_the_way_out(
    key: str, value: str, why: str, fix: str
) -> None:
    found = refused(key, value)
    assert found is not None
    assert found.key == key
    assert found.why.startswith(f"'{key}'")
    assert why in found.why
    assert fix in found.fix
    assert "hunter2" not in found.why + found.fix


@pytest.mark.parametrize("connector", elasticsearch_options.OF_OTHERS)
def test_connectors_without_the_jobs_login_are_refused_for_this_one(connector: str) -> None:
    (found,) = allowed.refusals({"connector": connector})
    assert "connects without the job's settings" in found.why
    assert f"'{elasticsearch_options.NAME}'" in found.fix


def test_the_job_asks_for_the_index_and_delivers_without_checkpoints() -> None:
    section = {"hosts": ["https://search.test:9200"]}
    settings = load_settings(overrides={"elasticsearch": section}, environ={})
    (use,) = table_uses.uses_of(Used("a.b.late", False, TABLE), settings, "job")
    assert use.name == "writes Elasticsearch index flights-{carrier:lower}"
    assert use.questions[0].about == ("flights-*",)
    assert use.delivery is not None
    assert not use.delivery.by_checkpoint


def test_an_index_of_dead_letters_is_asked_for_too() -> None:
    section = {"hosts": ["https://search.test:9200"]}
    settings = load_settings(overrides={"elasticsearch": section}, environ={})
    options = TABLE | {"index": "late", "dead-letter-index": "letters"}
    (use,) = table_uses.uses_of(Used("a.b.late", False, options), settings, "job")
    assert use.questions[0].about == ("late", "letters")


def test_dead_letters_come_of_what_is_read_from_kafka_or_written_to_elasticsearch() -> None:
    kafka = {"connector": "flinksec-kafka"}
    assert table_uses.has_letters(Used("t", True, kafka))
    assert not table_uses.has_letters(Used("t", False, kafka))
    assert table_uses.has_letters(Used("t", False, TABLE))
    assert not table_uses.has_letters(Used("t", False, TABLE | {"dead-letter-index": "letters"}))
