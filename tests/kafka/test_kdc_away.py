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
    copy.produce_and_see("three checkpoints more", 20)
    copy.wait_for_checkpoints(3)  # by then it is connected with every broker
    kdc.shut()
    away = time.monotonic()
    before, seen = copy.restarts(), 0

    def starts_again() -> bool:
        return copy.restarts() > before

    # What is connected stays so. A job that has to start again on a busy machine cannot connect.
    while time.monotonic() < away + TICKET_SECONDS + 2 and not starts_again():
        copy.produce(20)
        copy.wait_for("the numbers, or a restart", lambda: copy.sees_each() or starts_again())
        seen += copy.sees_each()
        time.sleep(1)
    assert seen, "not even the first numbers came through"
    for node in NODES:
        brokers.proxies[node, "TLS"].cut()
    copy.produce(100)
    # Of a login that goes on, or of a job that has started again and begins another.
    words = ("Could not refresh TGT", "LoginException: Connection refused")
    copy.wait_for("a word of Kerberos", lambda: any(word in copy.log for word in words))
    told = "hint: no KDC answers: check that a KDC that kerberos.krb5_conf names"
    copy.wait_for("what it is about", lambda: told in copy.log)
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
