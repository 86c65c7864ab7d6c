# SPDX-License-Identifier: Apache-2.0
"""A config.yaml beside settings that it is not made from."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flinksec_jobs.cluster import flink_conf
from flinksec_jobs.cluster.flink_conf_drift import drift
from flinksec_jobs.sections.decides import decided_by
from flinksec_jobs.settings import Settings, load_settings
from flinksec_jobs.settings.flink_options import FlinkOption, flink_options, names, of_class


def settings(**sections: Any) -> Settings:
    given_ = {"state": {"directory": "/mnt/state", "keys": "/keys"}, "cluster": {}, **sections}
    return load_settings(overrides=given_, environ={})


OURS = settings()
CONFIG = flink_conf.config(OURS)
DECIDED = sorted(
    {
        *map(flink_options().__getitem__, decided_by(Settings)),
        *of_class("tls", "pinned", "internal", "state", "announced"),
    },
    key=lambda option: option.name,
)
BY_ROLE = "metrics.internal.query-service.port"


def test_the_configuration_of_the_settings_is_no_other() -> None:
    assert drift(CONFIG, OURS) == []
    texts = {
        key: str(value).lower() if isinstance(value, bool) else str(value)
        for key, value in CONFIG.items()
    }
    assert drift(texts, OURS) == []


def test_read_back_from_a_file_it_is_the_same(tmp_path: Any) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(flink_conf.as_yaml(CONFIG))
    assert drift(flink_conf.read_yaml(file), OURS) == []


@pytest.mark.slow
@given(st.sampled_from(DECIDED), st.integers(0, 9), st.text("abc/:", min_size=1))
def test_what_the_settings_decide_is_compared_under_each_of_its_names(
    option: FlinkOption, which: int, value: str
) -> None:
    if "<" in option.name or option.name == BY_ROLE:
        return
    key = names(option)[which % len(names(option))]
    config = {name: found for name, found in CONFIG.items() if name not in names(option)}
    told = drift({**config, key: value}, OURS)
    assert key in {problem.where.field for problem in told}
    assert all("flinksec cluster conf" in problem.fix for problem in told)


@pytest.mark.parametrize("key", sorted(CONFIG))
def test_what_is_missing_is_told_if_the_settings_decide_it(key: str) -> None:
    config = {name: found for name, found in CONFIG.items() if name != key}
    decided = key in {name for option in DECIDED for name in names(option)}
    # Flink takes the value of another key then, which is the same.
    falls_back = key in {"rest.address", "rest.bind-port"}
    expected = (decided and not falls_back) or key in {"env.java.opts.all", "web.submit.enable"}
    assert (key in {problem.where.field for problem in drift(config, OURS)}) is expected


def test_options_that_the_settings_do_not_know_may_be_in_the_file_alone() -> None:
    more = {
        "heartbeat.timeout": "9 s",
        "my.own": "x",
        "high-availability.storageDir": "sealed+hdfs://nn:8020/ha",
        "execution.checkpointing.file-merging.enabled": False,
        "pekko.ssl.enabled": True,
    }
    assert drift(CONFIG | more, OURS) == []


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("flink.hadoop.hadoop.rpc.protection", "authentication"),
        ("flink.hadoop.dfs.data.transfer.protection", "authentication"),
        ("flink.hadoop.hadoop.security.authentication", "simple"),
    ],
)
def test_a_family_of_options_that_a_setting_decides_is_not_in_the_file_alone(
    key: str, value: str
) -> None:
    (found,) = drift(CONFIG | {key: value}, OURS)
    assert found.where.field == key
    assert found.why == f"is {value}, and the settings (hdfs.conf_dir) give none"


def test_a_reporter_may_be_in_the_file_alone() -> None:
    assert drift(CONFIG | {"metrics.reporter.p.port": 9249}, OURS) == []


def test_arguments_for_java_may_be_added_and_not_taken_away() -> None:
    java = str(CONFIG["env.java.opts.all"])
    assert drift(CONFIG | {"env.java.opts.all": f"{java} -Xlog:gc"}, OURS) == []
    (found,) = drift(CONFIG, settings(flink={"env.java.opts.all": "-Xlog:gc"}))
    assert found.why == "lacks -Xlog:gc, which the settings give"
