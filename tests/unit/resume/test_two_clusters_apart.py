# SPDX-License-Identifier: Apache-2.0
"""Topics of one name in two clusters are two for the owner of a checkpoint."""

import pytest

from flinksec_jobs.errors import ResumeError
from flinksec_jobs.resume.identity import check_sources, check_uses
from flinksec_jobs.resume.job_record import JobRecord, Start

BARE, EAST = "reads Kafka topic orders", "reads Kafka topic orders of east"
START = Start(1, 0, "0" * 32)


def test_a_checkpoint_of_before_there_were_names_is_still_the_job_s() -> None:
    assert check_sources(["Source: Kafka orders", "Sink: Print"], "j", [BARE], (), "chk-1")
    check_uses(JobRecord("j", (BARE,), START), [BARE, EAST], ())


@pytest.mark.parametrize(("operator", "uses"), [("orders", EAST), ("orders of east", BARE)])
def test_a_topic_of_another_cluster_is_not_gone_on_with(operator: str, uses: str) -> None:
    held = f"reads Kafka topic {operator}"
    with pytest.raises(ResumeError) as caught:
        check_sources([f"Source: Kafka {operator}"], "j", [uses], (), "chk-1")
    assert f'set job.accept = ["{held}"]' in str(caught.value.hint)
    with pytest.raises(ResumeError):
        check_uses(JobRecord("j", (held,), START), [uses], ())
    assert check_sources([f"Source: Kafka {operator}"], "j", [uses], [held], "chk-1")
