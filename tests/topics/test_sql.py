# SPDX-License-Identifier: Apache-2.0
"""Jobs of SQL on real servers: logged in, exactly once, and quiet about what records hold."""

import json
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import pytest

from flinksec_jobs.demo import flights
from flinksec_jobs.sandbox import Sandbox
from tests.living_files import paths_below
from tests.patience import PATIENCE
from tests.servers.conftest import Ended, StartedJob, StartJob
from tests.servers.secrets_search import Seen, ask_local_run, secrets_of

EXAMPLE = Path(__file__).parents[2] / "jobs" / "delays_by_carrier.sql"
SECRET_VALUE = "hunter2-in-a-record"

FUNCTIONS = """
from pyflink.table import DataTypes
from pyflink.table.udf import udf


@udf(result_type=DataTypes.BIGINT())
def twice(number):
    return number * 2
"""

DOCUMENTED = """
CREATE TABLE delays_by_carrier (
    carrier    STRING,
    departures BIGINT,
    mean_delay DOUBLE,
    PRIMARY KEY (carrier) NOT ENFORCED
) WITH (
    'connector' = 'flinksec-elasticsearch',
    'index' = 'delays-by-carrier'
);
"""

KAFKA = "'connector' = 'flinksec-kafka', 'format' = 'json', 'scan.bounded.mode' = 'latest-offset'"


@pytest.fixture(scope="module")
def topics(sandbox: Sandbox) -> Sandbox:
    """The topics of these tests."""
    names = (
        "late-departures delays-by-carrier sql-in sql-out sql-bad sql-good sql-twice sql-half"
        " sql-letters"
    )
    sandbox.create_topics(dict.fromkeys(names.split(), 1))
    sandbox.produce("sql-in", [f'1\tk\t{{"id": {i}, "name": "n{i}"}}' for i in range(200)])
    bad = [
        '1\ta\t{"id": 1, "name": "one"}',
        f'1\ta\t{{"id": "{SECRET_VALUE}", "name": "two"}}',
        f"1\ta\t{SECRET_VALUE}",
        f'1\ta\t{{"id": null, "name": "{SECRET_VALUE}"}}',
        '1\ta\t{"id": 5, "name": null}',
    ]
    sandbox.produce("sql-bad", bad)
    return sandbox


def script(tmp_path: Path, name: str, text: str) -> Path:
    path = tmp_path / f"{name}.sql"
    path.write_text(text)
    return path


def records(sandbox: Sandbox, topic: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in sandbox.consume(topic)]


def documents(sandbox: Sandbox, index: str) -> dict[str, dict[str, object]]:
    with sandbox.elasticsearch_client() as client:
        client.indices.refresh(index=index)
        found = client.search(index=index, size=1000)["hits"]["hits"]
    return {hit["_id"]: hit["_source"] for hit in found}


def test_the_example_reads_and_writes_as_a_plain_pass_does_and_shows_no_secret(
    topics: Sandbox, flights_in_kafka: list[flights.Row], tmp_path: Path
) -> None:
    settings, logs = topics.directory / "settings.toml", tmp_path / "logs"
    with Seen.watching(ask_local_run) as seen:
        ended = StartedJob(settings, {"FLINKSEC_LOG_DIR": str(logs)}, EXAMPLE).end(PATIENCE)
    assert ended.code == 0, ended.err
    assert "job delays-by-carrier has ended well" in ended.err

    delays = defaultdict(list)
    for row in flights_in_kafka:
        if (delay := flights.minutes(row, "dep_delay")) is not None:
            delays[row["carrier"]].append(delay)
    late = [row for row in flights_in_kafka if (flights.minutes(row, "dep_delay") or 0) > 15]
    assert sorted(str(one["id"]) for one in records(topics, "late-departures")) == sorted(
        map(flights.flight_id, late)
    )
    last = {one["carrier"]: one for one in records(topics, "delays-by-carrier")}
    assert last.keys() == delays.keys()
    for carrier, found in delays.items():
        assert last[carrier]["departures"] == len(found)
        assert last[carrier]["mean_delay"] == pytest.approx(sum(found) / len(found))

    seen.add("what the job printed", (ended.out + ended.err).encode())
    seen.add_files("a log of the job", logs)
    assert seen.places() >= {"a log of the job", "what the job printed"}
    assert seen.find(secrets_of(topics.directory)) == []


def test_a_plan_is_shown_and_no_server_is_asked(topics: Sandbox, tmp_path: Path) -> None:
    text = (
        f"CREATE TABLE a (id BIGINT) WITH ({KAFKA}, 'topic' = 'sql-in');"
        f"CREATE TABLE b (id BIGINT) WITH ({KAFKA}, 'topic' = 'no-such-topic');"
        "INSERT INTO b SELECT id FROM a WHERE id > 7;"
    )
    settings = topics.directory / "settings.toml"
    job = script(tmp_path, "shown", text)
    done = subprocess.run(
        [sys.executable, "-m", "flinksec_jobs", "run", job, "--explain", "--settings", settings],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "== Optimized Execution Plan ==" in done.stdout.splitlines()
    assert "(id > 7)" in done.stdout
    assert "keytab" not in done.stdout


def test_a_job_that_was_killed_goes_on_from_its_checkpoint_and_writes_each_record_once(
    topics: Sandbox, start_job: StartJob, tmp_path: Path
) -> None:
    text = (
        f"CREATE TABLE a (id BIGINT) WITH ({KAFKA}, 'topic' = 'sql-in');"
        "CREATE TABLE slow (id BIGINT, at_ AS PROCTIME()) WITH ('connector' = 'datagen',"
        " 'fields.id.kind' = 'sequence', 'fields.id.start' = '1000', 'fields.id.end' = '1140',"
        " 'rows-per-second' = '1');"
        f"CREATE TABLE b (id BIGINT) WITH ({KAFKA}, 'topic' = 'sql-out');"
        "INSERT INTO b SELECT id FROM a UNION ALL SELECT id FROM slow;"
    )
    job = script(tmp_path, "sql-once", text)
    state = topics.directory / "state" / "sql-once"
    variables = {"FLINKSEC_STATE__CHECKPOINT_INTERVAL": "500 ms"}
    first = start_job(job=job, **variables)
    wait_for(first, lambda: any(path.match("chk-[2-9]*/_metadata") for path in paths_below(state)))
    first.kill()
    job.write_text(text.replace("'rows-per-second' = '1'", "'rows-per-second' = '1000'"))
    assert len(topics.consume("sql-out")) < 341
    ended = start_job(job=job, **variables).end(PATIENCE)
    assert ended.code == 0, ended.err
    assert "goes on from" in ended.err
    found = [one["id"] for one in records(topics, "sql-out")]
    assert sorted(map(str, found)) == sorted(map(str, [*range(200), *range(1000, 1141)]))


def wait_for(job: StartedJob, happened: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not happened():
        assert job.process.poll() is None, job.process.communicate()
        assert time.monotonic() < end
        time.sleep(0.1)


def run(start_job: StartJob, job: Path) -> Ended:
    return start_job(job=job).end(PATIENCE)


def test_a_bad_record_fails_the_job_by_its_offset_and_not_by_its_content(
    topics: Sandbox, start_job: StartJob, tmp_path: Path
) -> None:
    text = (
        f"CREATE TABLE a (id BIGINT NOT NULL, name STRING) WITH ({KAFKA}, 'topic' = 'sql-bad');"
        f"CREATE TABLE b (id BIGINT) WITH ({KAFKA}, 'topic' = 'sql-good');"
        "INSERT INTO b SELECT id FROM a;"
    )
    ended = run(start_job, script(tmp_path, "sql-bad", text))
    assert ended.code == 1
    where = "the Kafka record at topic sql-bad, partition 0, offset 1 cannot be decoded"
    assert f"{where}: its value does not fit the format and the columns" in ended.err
    logs = "".join(path.read_text() for path in (tmp_path / "logs").rglob("*.log*"))
    assert where in logs
    assert SECRET_VALUE not in logs + ended.err + ended.out


def test_bad_records_are_left_out_and_told_and_a_function_of_python_gets_the_others(
    topics: Sandbox, start_job: StartJob, tmp_path: Path
) -> None:
    (tmp_path / "sql_functions.py").write_text(FUNCTIONS)
    text = (
        "CREATE TABLE a (id BIGINT NOT NULL, name STRING)"
        f" WITH ({KAFKA}, 'topic' = 'sql-bad', 'on-error' = 'skip');"
        f"CREATE TABLE b (id BIGINT, name STRING) WITH ({KAFKA}, 'topic' = 'sql-good');"
        "CREATE TABLE documents (id BIGINT, name STRING, v DOUBLE, PRIMARY KEY (id) NOT ENFORCED)"
        " WITH ('connector' = 'flinksec-elasticsearch', 'index' = 'of-sql', 'operation' = 'create',"
        " 'on-error' = 'dead_letter');"
        "CREATE TABLE numbered (id BIGINT, v DOUBLE, PRIMARY KEY (id) NOT ENFORCED)"
        " WITH ('connector' = 'flinksec-elasticsearch', 'index' = 'of-sql-numbered',"
        " 'on-error' = 'dead_letter', 'dead-letter-index' = 'of-sql-letters');"
        "CREATE TEMPORARY FUNCTION twice AS 'sql_functions.twice' LANGUAGE PYTHON;"
        f"{DOCUMENTED}INSERT INTO delays_by_carrier"
        " SELECT name, COUNT(*), AVG(CAST(id AS DOUBLE)) FROM a WHERE name IS NOT NULL"
        " GROUP BY name;"
        "INSERT INTO b SELECT twice(id), name FROM a;"
        "INSERT INTO documents VALUES (7, 'seven', 7.5),"
        f" (8, '{SECRET_VALUE}', CAST('NaN' AS DOUBLE));"
        "INSERT INTO numbered VALUES (9, CAST('Infinity' AS DOUBLE)), (10, 2.5);"
    )
    job = script(tmp_path, "sql-skips", text)
    ended = start_job(job=job, FLINKSEC_JOB__DEAD_LETTERS="sql-letters").end(PATIENCE)
    assert ended.code == 0, ended.err
    (letter,) = records(topics, "sql-letters")
    assert letter == {"id": 8, "name": SECRET_VALUE, "v": "NaN"}
    counted = {"carrier": "one", "departures": 1, "mean_delay": 1.0}
    assert documents(topics, "delays-by-carrier") == {"one": counted}
    assert documents(topics, "of-sql") == {"7": {"id": 7, "name": "seven", "v": 7.5}}
    assert documents(topics, "of-sql-numbered") == {"10": {"id": 10, "v": 2.5}}
    (kept,) = documents(topics, "of-sql-letters").values()
    assert (kept["stage"], kept["index"]) == ("encode", "of-sql-numbered")
    assert json.loads(str(kept["document"])) == {"id": 9, "v": "Infinity"}
    assert records(topics, "sql-good") == [{"id": 2, "name": "one"}, {"id": 10, "name": None}]
    assert "3 records of the Kafka topic sql-bad" in ended.err
    logs = "".join(path.read_text() for path in (tmp_path / "logs").rglob("*.log*"))
    assert "offset 3 cannot be decoded: column 'id' is null, and declared NOT NULL" in logs
    assert SECRET_VALUE not in logs + ended.err + ended.out


PYTHON = """
from pyflink.table import DataTypes
from pyflink.table.udf import udf

from flinksec_jobs import SecureJob, record


@record
class Small:
    id: int
    name: str


@record
class Count:
    id: int
    times: int


@udf(result_type=DataTypes.BIGINT())
def half(number):
    return number // 2


with SecureJob("sql-in-python") as job:
    job.table("small", Small, topic="sql-in", bounded=True)
    job.tables.create_temporary_function("half", half)
    job.elasticsearch_table("counted", Count, index="sql-half", primary_key="id")
    # Two statements to one table, and a stream to its topic: three sinks.
    job.sql('''
        CREATE TABLE upserted (id BIGINT, times BIGINT, PRIMARY KEY (id) NOT ENFORCED) WITH (
            'connector' = 'flinksec-upsert-kafka', 'topic' = 'sql-half',
            'key.format' = 'json', 'value.format' = 'json');
        CREATE TABLE twice (id BIGINT) WITH (
            'connector' = 'flinksec-kafka', 'topic' = 'sql-twice', 'format' = 'json');
        INSERT INTO twice SELECT half(id) FROM small;
        INSERT INTO twice SELECT id + 1000 FROM small WHERE name = 'n7';
        CREATE VIEW halves AS SELECT * FROM (
            SELECT half(id) AS id, COUNT(*) AS times FROM small GROUP BY half(id)
        ) WHERE times < 2 OR id > 90;
        INSERT INTO upserted SELECT * FROM halves;
        INSERT INTO counted SELECT * FROM halves;
    ''')
    rest = job.tables.sql_query("SELECT id + 2000 AS id FROM small WHERE id < 3")
    job.tables.to_data_stream(rest).sink_to(job.to_kafka("sql-twice"))
"""


def test_a_record_class_is_a_table_python_is_a_function_and_no_two_sinks_share_an_id(
    topics: Sandbox, start_job: StartJob, tmp_path: Path
) -> None:
    job = tmp_path / "in_python.py"
    job.write_text(PYTHON)
    ended = run(start_job, job)
    assert ended.code == 0, ended.err
    found = [one["id"] for one in records(topics, "sql-twice")]
    expected = [*(i // 2 for i in range(200)), 1007, 2000, 2001, 2002]
    assert sorted(map(str, found)) == sorted(map(str, expected))


def test_a_row_that_goes_away_becomes_a_tombstone_with_its_key(topics: Sandbox) -> None:
    # By the test before it: a count that reaches 2 is no longer among the rows.
    values: dict[bytes | None, list[bytes | None]] = defaultdict(list)
    for one in topics.records("sql-half"):
        values[one.key].append(one.value)
    assert len(values) == 100
    assert values[b'{"id":3}'][-1] is None
    assert values[b'{"id":95}'][-1] == b'{"id":95,"times":2}'


def test_a_row_that_goes_away_takes_its_document_with_it(topics: Sandbox) -> None:
    # By the same test: the rows that stay are those whose last change counts.
    left = {str(id_): {"id": id_, "times": 2} for id_ in range(91, 100)}
    assert documents(topics, "sql-half") == left
