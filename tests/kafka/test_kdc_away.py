# SPDX-License-Identifier: Apache-2.0
"""The KDC is away for longer than tickets live, and comes back with other keys in the keytabs."""

import time

from flinksec_jobs.sandbox import Sandbox
from tests.kafka.brokers import NODES, Brokers
from tests.kafka.conftest import TICKET_SECONDS, CopyOf
from tests.kafka.copies import lines_about


def test_a_job_outlives_its_ticket_and_its_keytab(
    copy_of: CopyOf, brokers: Brokers, sandbox: Sandbox
) -> None:
    copy = copy_of("ticket")
    copy.start()
    copy.produce_and_see("the start")
    before = sandbox.keytab("flink").read_bytes()
    sandbox.down(forget=False)
    away = time.monotonic()
    # What is connected stays so.
    while time.monotonic() < away + TICKET_SECONDS + 5:
        copy.produce_and_see("the end of the KDC", 20)
        time.sleep(2)
    for node in NODES:
        brokers.proxies[node, "TLS"].cut()
    copy.produce(100)
    copy.wait_for(
        "a word of Kerberos", lambda: bool(lines_about(copy.log, "Could not refresh TGT"))
    )
    sandbox.up()
    assert sandbox.keytab("flink").read_bytes() != before
    copy.produce_and_see("the return of the KDC with other keys")
    copy.kill()
    copy.assert_each_once()
