# SPDX-License-Identifier: Apache-2.0
"""What a run has done is read from Flink's metrics, as Flink names them."""

from flinksec_jobs.runtime.run_figures import RunFigures

FIGURES = {
    "numRecordsIn Source: Kafka flights": 100,
    "numRecordsOut Source: Kafka flights": 98,
    "numRecordsIn Source: numbers": 0,
    "numRecordsOut Source: numbers": 10,
    "numRecordsIn Map": 98,
    "numRecordsIn Elasticsearch delays: Writer": 7,
    "numRecordsSend Elasticsearch delays: Writer": 6,
    "numRecordsIn Elasticsearch delays: Committer": 2,
    "numRecordsIn Sink: Committer": 5,
    "numRecordsIn Sink: Print to Std. Out": 3,
    "numRecordsOut Sink: Print to Std. Out": 0,
    "numberOfCompletedCheckpoints": 4,
    "numberOfFailedCheckpoints": 1,
    "lastCheckpointSize": 2048,
    "lastCheckpointDuration": 40,
}


def test_sources_and_sinks_are_counted_by_their_names() -> None:
    found = RunFigures.of(FIGURES, 2.04)
    assert found.sources == {"Kafka flights": 100, "numbers": 10}
    assert found.sinks == {"Elasticsearch delays": 6, "Print to Std. Out": 3}
    assert (found.records_in, found.records_out) == (110, 9)
    assert found.as_dict() == {
        "seconds": 2.0,
        "sources": {"Kafka flights": 100, "numbers": 10},
        "sinks": {"Elasticsearch delays": 6, "Print to Std. Out": 3},
        "checkpoints": {"completed": 4, "failed": 1},
    }


def test_before_the_first_checkpoint_it_has_no_size() -> None:
    found = RunFigures.of({"lastCheckpointSize": -1, "lastCheckpointDuration": -1}, 0)
    assert (found.checkpoints, found.checkpoint_bytes, found.checkpoint_ms) == (0, 0, 0)
