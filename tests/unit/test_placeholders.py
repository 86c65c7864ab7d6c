# SPDX-License-Identifier: Apache-2.0
"""Names and addresses of examples are found, and others left alone."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flinksec_jobs.placeholders import placeholders, placeholders_below


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("flink@EXAMPLE.COM", ["EXAMPLE.COM"]),
        ("hdfs/_HOST@EXAMPLE.ORG", ["EXAMPLE.ORG"]),
        ("https://search.example.com:9200", ["search.example.com"]),
        ("registry.example.net/a/b:1", ["registry.example.net"]),
        ("*.example.com", ["*.example.com"]),
        ("kafka.example", ["kafka.example"]),
        ("host.invalid:9092", ["host.invalid"]),
        ("192.0.2.1", ["192.0.2.1"]),
        ("198.51.100.255/32", ["198.51.100.255"]),
        ("tcp://203.0.113.9:88", ["203.0.113.9"]),
        ("[2001:db8::1]:9092", ["2001:db8::1"]),
        ("2001:DB8:0:1::/64", ["2001:db8:0:1::"]),
        ("a@sha256:" + "0" * 64, ["sha256:" + "0" * 64]),
        ("a: b\n# example.com\nc: kdc.example.com\n", ["kdc.example.com"]),
        ("# kdc.example.com\n  # 192.0.2.1", []),
        ("example", []),
        ("my-example.com", []),
        ("example.com.corp.internal", []),
        ("example.community", []),
        ("kafka.example.corp", []),
        ("192.0.20.1 1.192.0.2 10.0.0.1 192.0.2", []),
        ("sha256:" + "0" * 63 + "1", []),
        ("2001:db9::1 12:30:00", []),
        ("", []),
    ],
)
def test_what_is_a_placeholder(text: str, found: list[str]) -> None:
    assert placeholders(text) == found


@given(st.ip_addresses())
def test_an_address_is_one_if_it_is_for_documentation(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    kept = [
        *map(ipaddress.ip_network, ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")),
        *map(ipaddress.ip_network, ("2001:db8::/32", "3fff::/20")),
    ]
    expected = any(address in network for network in kept)
    assert bool(
        placeholders(f"https://{address}/x" if address.version == 4 else f"[{address}]:1")
    ) is (expected)


def test_the_place_is_told_as_kubernetes_writes_it() -> None:
    value = {"data": {"a.toml": "x.example.com"}, "spec": {"to": [{"cidr": "192.0.2.0/24"}, 5]}}
    assert list(placeholders_below(value)) == [
        ("data[a.toml]", "x.example.com"),
        ("spec.to[0].cidr", "192.0.2.0"),
    ]
