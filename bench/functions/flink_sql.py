# SPDX-License-Identifier: Apache-2.0
"""Flink SQL, which computes the same without Python; a numpy model it does not have."""

from __future__ import annotations

from pyflink.table import EnvironmentSettings, TableEnvironment

from bench.functions.logic import KEPT_FROM
from bench.functions.raw_pyflink import flink_options, set_environment
from bench.functions.task import Task, given

_COLUMNS = (
    "id BIGINT, `user` STRING, amount BIGINT, quantity BIGINT, currency STRING, country STRING, "
    "channel STRING, `time` BIGINT, note STRING"
)
_NAMES = "id, `user`, amount, quantity, currency, country, channel, `time`, note"
_OUT = {
    "stateless": f"{_COLUMNS}, total BIGINT",
    "json": (
        "id BIGINT, `user` STRING, "
        "payment ROW<amount BIGINT, quantity BIGINT, currency STRING>, "
        "`where` ROW<country STRING, channel STRING>, words ARRAY<STRING>"
    ),
    "keyed": "id BIGINT, `user` STRING, total BIGINT, `count` BIGINT",
    "windows": "`user` STRING, `end` BIGINT, total BIGINT, `count` BIGINT",
}
_SELECT = {
    "stateless": (
        f"SELECT {_NAMES}, amount * quantity "  # noqa: S608
        f"FROM payments WHERE amount >= {KEPT_FROM}"
    ),
    "json": (
        "SELECT id, `user`, ROW(amount, quantity, currency), ROW(country, channel), "
        "SPLIT(note, ' ') FROM payments"
    ),
    "keyed": "SELECT MAX(id), `user`, SUM(amount), COUNT(*) FROM payments GROUP BY `user`",
    "windows": (
        "SELECT `user`, UNIX_TIMESTAMP(DATE_FORMAT(window_end, 'yyyy-MM-dd HH:mm:ss')) * 1000, "
        "SUM(amount), COUNT(*) "
        "FROM TABLE(TUMBLE(TABLE payments, DESCRIPTOR(happened), INTERVAL '1' MINUTE)) "
        "GROUP BY `user`, window_start, window_end"
    ),
}


def statements(task: Task) -> list[str]:
    """The two tables, and what goes from the one into the other."""
    quoted = {name: value.replace("'", "''") for name, value in task.java.items()}
    login = "".join(f", 'properties.{name}' = '{value}'" for name, value in quoted.items())
    where = f"'properties.bootstrap.servers' = '{task.bootstrap}'{login}"
    end = ", 'scan.bounded.mode' = 'latest-offset'" if task.bounded else ""
    times = (
        ", happened TIMESTAMP_LTZ(3) METADATA FROM 'timestamp', "
        "WATERMARK FOR happened AS happened - INTERVAL '0.001' SECOND"
    )
    came = f"{_COLUMNS}{times if task.workload == 'windows' else ''}"
    updates = task.workload == "keyed"
    key = ", PRIMARY KEY (`user`) NOT ENFORCED" if updates else ""
    how = (
        "'connector' = 'upsert-kafka', 'key.format' = 'json', 'value.format' = 'json'"
        if updates
        else "'connector' = 'kafka', 'format' = 'json', 'sink.delivery-guarantee' = 'at-least-once'"
    )
    return [
        f"CREATE TABLE payments ({came}) WITH ('connector' = 'kafka', 'format' = 'json', "
        f"'topic' = '{task.source}', 'scan.startup.mode' = 'earliest-offset'{end}, "
        f"'properties.group.id' = 'flink-bench', {where})",
        f"CREATE TABLE made ({_OUT[task.workload]}{key}) WITH ({how}, 'topic' = '{task.sink}', "
        f"{where})",
        f"INSERT INTO made {_SELECT[task.workload]}",
    ]


def main() -> None:
    """Run it."""
    task = given()
    set_environment(task)
    tables = TableEnvironment.create(EnvironmentSettings.in_streaming_mode())
    for name, value in flink_options(task).items():
        tables.get_config().set(name, value)
    tables.get_config().set("table.local-time-zone", "UTC")
    *made, insert = statements(task)
    for statement in made:
        tables.execute_sql(statement)
    tables.execute_sql(insert).wait()


if __name__ == "__main__":
    main()
