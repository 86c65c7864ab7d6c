# SPDX-License-Identifier: Apache-2.0
"""The KDC is away for longer than the job's ticket lives; and it has other keys.

The fixture `copy` asserts after each test that nothing is lost, and nothing there twice.
"""

import time

from flinksec_jobs.sandbox import Sandbox
from tests.kafka.administrator import Administrator
from tests.kafka.brokers import NODES, Brokers
from tests.kafka.copies import Copy
from tests.kafka.way_to_kdc import TICKET_SECONDS, WayToKdc


def test_a_job_goes_on_without_the_kdc_and_cannot_connect_when_its_ticket_has_ended(
    copy: Copy, brokers: Brokers, kdc: WayToKdc
) -> None:
    kdc.shut()
    away = time.monotonic()
    # What is connected stays so.
    while time.monotonic() < away + TICKET_SECONDS + 2:
        copy.produce_and_see("the end of the KDC", 20)
        time.sleep(1)
    for node in NODES:
        brokers.proxies[node, "TLS"].cut()
    copy.produce(100)
    # Of a login that goes on, or of a job that has started again and begins another.
    words = ("Could not refresh TGT", "LoginException: Connection refused")
    copy.wait_for("a word of Kerberos", lambda: any(word in copy.log for word in words))
    kdc.open()


def test_a_job_goes_on_when_its_keytab_is_rotated(
    copy: Copy, brokers: Brokers, administrator: Administrator, sandbox: Sandbox, kdc: WayToKdc
) -> None:
    before = sandbox.keytab("flink").read_bytes()
    sandbox.down(forget=False)
    sandbox.up()
    assert sandbox.keytab("flink").read_bytes() != before
    kdc.open()
    # All others have tickets of the old keys, for a day.
    administrator.close()
    brokers.restart()
    end = time.monotonic() + TICKET_SECONDS
    while time.monotonic() < end:
        copy.produce_and_see("the new keys", 20)
        time.sleep(2)
