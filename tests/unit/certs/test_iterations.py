# SPDX-License-Identifier: Apache-2.0
"""A store may ask for as many rounds of hashing as it likes; not all of them are done."""

from pathlib import Path

import pytest

from flinksec_jobs.certificates import truststore
from flinksec_jobs.certs.bags import most_iterations
from flinksec_jobs.certs.stores import parse_store
from flinksec_jobs.errors import CertificateError
from tests.certificates import authority


def test_the_count_is_found_without_the_password() -> None:
    store = truststore([authority().certificate], "secret")
    assert 1 < most_iterations(store) <= 1_000_000
    # A salt, then the count, as in the parameters of PBKDF2, within other values.
    assert most_iterations(bytes.fromhex("300a 0401aa 02057fffffffff")) == 0x7FFFFFFFFF


def test_a_store_that_would_be_tried_for_hours_is_refused_at_once() -> None:
    store = bytes.fromhex("3010 020103 3009 0401aa 02047fffffff 0500")
    with pytest.raises(CertificateError, match="more than 10,000,000 iterations"):
        parse_store(store, "secret", Path("store.p12"))


@pytest.mark.parametrize(
    "data", [b"", b"0", b"\x30\x80", b"\x30\x84\xff\xff\xff\xff", b"0" * 999, b"\x05\x00" * 99_999]
)
def test_what_is_no_store_asks_for_nothing(data: bytes) -> None:
    assert most_iterations(data) == 0
