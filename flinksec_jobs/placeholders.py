# SPDX-License-Identifier: Apache-2.0
"""Names and addresses that stand in examples and documentation, and nowhere else."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping, Sequence

# RFC 2606 and RFC 6761: nobody's domains, and so nobody's realms.
_DOMAIN = re.compile(
    r"(?<![\w.-])(?:[\w*-]+\.)*(?:example\.(?:com|net|org)|[\w-]+\.(?:example|invalid))(?![\w-]|\.\w)",
    re.IGNORECASE,
)
_ADDRESS = re.compile(
    r"(?<![\w.:])(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f]{1,4}(?::[0-9a-f]{0,4}){2,7})"
)
_DIGEST = re.compile(r"sha256:0{64}")
# RFC 5737, RFC 3849 and RFC 9637: addresses for documentation.
_NETWORKS = tuple(
    ipaddress.ip_network(network)
    for network in (
        "192.0.2.0/24",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "2001:db8::/32",
        "3fff::/20",
    )
)


def placeholders(text: str) -> list[str]:
    """Return the placeholders in a text, each once; lines that are comments do not count.

    They are domains and realms such as example.com and EXAMPLE.COM, addresses that are kept for
    documentation, and the digest of an image that is all zeros.
    """
    lines = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    found = [match[0] for match in (*_DOMAIN.finditer(lines), *_DIGEST.finditer(lines))]
    found += [match[0] for match in _ADDRESS.finditer(lines.lower()) if _is_documentation(match[0])]
    return list(dict.fromkeys(found))


def placeholders_below(value: object, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield (path, placeholder) for all texts below a value of mappings and lists.

    A path is written as Kubernetes does: ``spec.egress[0].to``; keys with a dot in brackets.
    """
    if isinstance(value, str):
        for found in placeholders(value):
            yield path, found
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            step = f"[{key}]" if "." in str(key) else f".{key}" if path else str(key)
            yield from placeholders_below(inner, path + step)
    elif isinstance(value, Sequence):
        for index, inner in enumerate(value):
            yield from placeholders_below(inner, f"{path}[{index}]")


def _is_documentation(text: str) -> bool:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    return any(address in network for network in _NETWORKS)
