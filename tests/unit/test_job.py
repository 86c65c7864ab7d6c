# SPDX-License-Identifier: Apache-2.0
"""What a job makes of its settings before any JVM runs."""

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from flinksec_jobs import SecureJob, job_options, record
from flinksec_jobs.errors import FlinkSecError, SettingsError
from flinksec_jobs.records import row_type
from flinksec_jobs.resume import of_job
from flinksec_jobs.runtime import graph
from flinksec_jobs.settings import load_settings

KERBEROS = {"principal": "flink@EXAMPLE.COM", "keytab": "file:/etc/flink.keytab"}


@record
class Event:
    id: str


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FLINKSEC_SETTINGS", "PYFLINK_GATEWAY_PORT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setitem(sys.modules, "__main__", ModuleType("__main__"))


def job(**sections: Any) -> SecureJob:
    return SecureJob("job", settings=load_settings(overrides=sections, environ={}))


def options(**sections: Any) -> dict[str, str]:
    return job_options.flink_options(job(**sections).settings, "job")


def test_flink_is_told_what_the_settings_say() -> None:
    made = options(
        kerberos=KERBEROS,
        job={"parallelism": 3, "resume": "never"},
        python={"execution_mode": "process"},
        state={"directory": "/mnt/state", "keys": "/keys"},
    )
    assert made["pipeline.name"] == "job"
    assert made["parallelism.default"] == "3"
    assert made["python.execution-mode"] == "process"
    assert made["security.kerberos.login.keytab"] == "/etc/flink.keytab"
    assert made["execution.checkpointing.dir"] == "sealed+file:///mnt/state/job"
    assert made["execution.checkpointing.externalized-checkpoint-retention"] == (
        "RETAIN_ON_CANCELLATION"
    )
    assert made["restart-strategy.type"] == "none"
    assert all(isinstance(value, str) for value in made.values())


def test_what_flink_s_own_section_says_wins_and_is_written_as_flink_has_it() -> None:
    made = options(flink={"restart-strategy.type": "fixed-delay", "a.flag": True, "a.number": 5})
    assert made["restart-strategy.type"] == "fixed-delay"
    assert (made["a.flag"], made["a.number"]) == ("true", "5")
    by_its_old_name = options(flink={"restart-strategy": "fixed-delay"})
    assert by_its_old_name["restart-strategy"] == "fixed-delay"
    assert "restart-strategy.type" not in by_its_old_name, "Flink would take this one"


def test_in_a_cluster_the_cluster_s_own_options_are_left_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PYFLINK_GATEWAY_PORT", "1")
    made = options(state={"directory": "/mnt/state", "keys": "/keys"})
    assert not made.keys() & {"restart-strategy.type", "rest.address", "python.executable"}
    assert made["execution.checkpointing.dir"] == "sealed+file:///mnt/state/job"


def test_savepoints_go_beside_the_checkpoints_of_the_job() -> None:
    made = options(state={"directory": "/mnt/s", "keys": "/keys"})
    assert made["execution.checkpointing.savepoint-dir"] == "sealed+file:///mnt/s/job"


@pytest.mark.parametrize(
    ("in_cluster", "given", "expected"),
    [
        (False, {}, "latest"),
        (True, {}, "required"),
        (True, {"resume": "first"}, "first"),
        (True, {"resume": "latest"}, "latest"),
        (False, {"resume": "required"}, "required"),
    ],
)
def test_state_must_be_there_in_a_cluster_unless_the_settings_say_otherwise(
    monkeypatch: pytest.MonkeyPatch, in_cluster: bool, given: dict[str, str], expected: str
) -> None:
    if in_cluster:
        monkeypatch.setenv("PYFLINK_GATEWAY_PORT", "1")
    assert of_job.resume_of(job(job=given).settings) == expected


@pytest.mark.parametrize(
    ("section", "use"),
    [
        ("kafka", lambda made: made.from_kafka("t", Event)),
        ("kafka", lambda made: made.to_kafka("t")),
        ("elasticsearch", lambda made: made.to_elasticsearch("i")),
        ("hdfs", lambda made: made.to_hdfs("/p")),
    ],
)
def test_a_section_that_the_job_needs_and_lacks_is_named(section: str, use: Any) -> None:
    with pytest.raises(SettingsError) as caught:
        use(job(job={"parallelism": 1}))
    assert caught.value.message == (
        f"the job job uses {section}, and its settings have no section [{section}]"
    )


def test_settings_that_were_forgotten_are_told_as_that() -> None:
    with pytest.raises(SettingsError) as caught:
        job().from_kafka("t", Event)
    assert caught.value.message == (
        "the job job uses kafka, and there are no settings: no file is named"
    )
    assert "--settings" in str(caught.value.hint)


def test_settings_lie_beside_the_script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = ModuleType("__main__")
    script.__file__ = str(tmp_path / "my_job.py")
    monkeypatch.setitem(sys.modules, "__main__", script)
    assert SecureJob("job").settings.job.parallelism == 1
    (tmp_path / "my_job.toml").write_text("[job]\nparallelism = 2\n")
    assert SecureJob("job").settings.job.parallelism == 2
    (tmp_path / "other.toml").write_text("[job]\nparallelism = 3\n")
    monkeypatch.setenv("FLINKSEC_SETTINGS", str(tmp_path / "other.toml"))
    assert SecureJob("job").settings.job.parallelism == 3
    named = SecureJob("job", settings=tmp_path / "my_job.toml", overrides={"job.parallelism": 4})
    assert named.settings.job.parallelism == 4


def test_the_flights_job_has_flink_types_for_all_its_records() -> None:
    from jobs import flight_delays

    for kind in ("Flight", "Departure"):
        names = row_type(getattr(flight_delays, kind)).get_field_names()
        assert names[0] == "id"


def test_what_pyflinks_environment_runs_is_run_as_the_job_runs_it() -> None:
    environment: Any = ModuleType("environment")
    result: Any = "the result"
    client: Any = "the client"
    graph.run_by(environment, "job", lambda: result, lambda: client)
    assert environment.execute() == environment.execute("job") == "the result"
    assert environment.execute_async() == environment.execute_async("job") == "the client"
    with pytest.raises(FlinkSecError, match=r"env\.execute\('another'\) gives the job job"):
        environment.execute("another")
    with pytest.raises(FlinkSecError, match=r"env\.execute_async\('another'\) gives"):
        environment.execute_async("another")
