# SPDX-License-Identifier: Apache-2.0
"""The KDC is away for longer than tickets live, and comes back with other keys in the keytabs."""

import socket
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
    port = sandbox.ports["kdc"]
    sandbox.down(forget=False)
    # The job knows the KDC by its port, which nobody else may take meanwhile.
    kept = socket.socket()
    kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    kept.bind(("127.0.0.1", port))
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
    kept.close()
    sandbox.up()
    assert sandbox.ports["kdc"] == port
    assert sandbox.keytab("flink").read_bytes() != before
    copy.produce_and_see("the return of the KDC with other keys")
    copy.kill()
    copy.assert_each_once()
