# SPDX-License-Identifier: Apache-2.0
"""Counts numbers in windows of a minute of event time, as a stream and in SQL."""

import os
import re
from collections.abc import Iterable
from typing import Literal

from pyflink.common import Time
from pyflink.datastream.functions import ProcessAllWindowFunction
from pyflink.datastream.window import TimeWindow, TumblingEventTimeWindows

from flinksec_jobs import SecureJob, record, row_type


@record
class Number:
    n: int


@record
class Window:
    n: int
    counted: int


class Counting(ProcessAllWindowFunction[Number, Window, TimeWindow]):  # type: ignore[misc]
    def process(
        self,
        context: ProcessAllWindowFunction.Context,
        elements: Iterable[Number],
    ) -> Iterable[Window]:
        return [Window(context.window().start, len(list(elements)))]


name, source, target = (os.environ[one] for one in ("NAME", "FROM", "TO"))
idleness = os.environ["IDLENESS"]
pattern = os.environ.get("PATTERN")
on_error: Literal["skip", "fail"] = "skip" if "SKIPS" in os.environ else "fail"
topics = f"'topic-pattern' = '{pattern}'" if pattern else f"'topic' = '{source}'"
with SecureJob(name) as job:
    job.env.set_parallelism(int(os.environ["PARALLELISM"]))
    numbers = job.from_kafka(
        re.compile(pattern) if pattern else source,
        Number,
        event_time="n",
        out_of_orderness="0 s",
        idleness=idleness,
        on_error=on_error,
    )
    windows = numbers.window_all(TumblingEventTimeWindows.of(Time.minutes(1)))
    windows.process(Counting(), row_type(Window)).sink_to(
        job.to_kafka(target, delivery="at_least_once")
    )
    job.sql(f"""
        SET 'table.exec.source.idle-timeout' = '{idleness}';
        CREATE TABLE numbers (
            n BIGINT NOT NULL,
            moment AS TO_TIMESTAMP_LTZ(n, 3),
            WATERMARK FOR moment AS moment
        ) WITH (
            'connector' = 'flinksec-kafka', {topics}, 'format' = 'json',
            'scan.startup.mode' = 'earliest-offset', 'on-error' = '{on_error}'
        );
        CREATE TABLE windows (n BIGINT NOT NULL, counted BIGINT NOT NULL) WITH (
            'connector' = 'flinksec-kafka', 'topic' = '{target}-of-sql', 'format' = 'json',
            'sink.delivery-guarantee' = 'at-least-once'
        );
        INSERT INTO windows
            SELECT MIN(n) / 60000 * 60000, COUNT(*)
            FROM TABLE(TUMBLE(TABLE numbers, DESCRIPTOR(moment), INTERVAL '1' MINUTE))
            GROUP BY window_start, window_end;
    """)
