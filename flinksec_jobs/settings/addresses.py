# SPDX-License-Identifier: Apache-2.0
"""How addresses and names in the settings must look. No message repeats what was written."""

import re
from pathlib import Path
from typing import Annotated
from unicodedata import category
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, Field

from flinksec_jobs.logins import mechanisms
from flinksec_jobs.sections.fields import refusal

_HOST = r"(?:[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?|\[[0-9A-Fa-f:.]+\])"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_URL_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})*\.?|\[[0-9A-Fa-f:.]+\]")
_PATH = re.compile(r"(?:/(?!\.\.?(?:/|$))(?:[A-Za-z0-9._~-]|%[0-9A-Fa-f]{2})+)*")
_HOST_PORT = re.compile(rf"{_HOST}:(\d{{1,5}})")
_TOPIC = re.compile(r"[A-Za-z0-9._-]{1,249}")
_HDFS = re.compile(rf"hdfs://{_HOST}(?::(\d{{1,5}}))?/?|viewfs://[A-Za-z0-9._-]+/?")
_NO_WRITER = re.compile(r"(s?webhdfs|s3[an]?|abfss?|wasbs?|gs|o3?fs|har|file|ftp|sftp)://.*")
_PRINCIPAL = re.compile(r"[^@\s\x00-\x1f]+@[^@\s\x00-\x1f]+")
_FINGERPRINT = re.compile(r"[0-9a-f]{64}")
_MAX_PORT = 65535


def sasl_mechanism(value: object) -> object:
    """Accept the name of a login, and say which there are."""
    if value not in mechanisms():
        raise refusal(no_such_mechanism())
    return value


def no_such_mechanism() -> str:
    """Say which mechanisms of SASL there are, and that a login can do without."""
    listed = " or ".join(mechanisms())
    return (
        f"must be {listed}: no other mechanism of SASL is supported. A client certificate does "
        'without: security_protocol = "SSL"'
    )


def host_port(value: str) -> str:
    """Accept ``host:port``."""
    match = _HOST_PORT.fullmatch(value.strip())
    if not match or not 0 < int(match[1]) <= _MAX_PORT:
        raise refusal("must be host:port, such as kafka-0.example.com:9092")
    return match[0]


def http_url(value: str) -> str:
    """Accept ``http(s)://host[:port][/prefix]`` without a user or password in it."""
    parts = _split(value.strip())
    if parts is None or parts.scheme not in {"https", "http"} or not parts.hostname:
        raise refusal("must be a URL such as https://search.example.com:9200")
    if parts.username is not None or parts.password is not None:
        raise refusal("must not contain credentials: use username and password = file:/path")
    if parts.query or parts.fragment:
        raise refusal("must end after the host, the port or a path prefix")
    return parts.scheme + value.strip()[len(parts.scheme) :].rstrip("/")


def server_url(value: str) -> str:
    """Accept what `http_url` does, if Java's URI takes it for the same."""
    url = http_url(value)
    parts = urlsplit(url)
    _require_plain_host(parts)
    if not _PATH.fullmatch(parts.path):
        raise refusal(
            "must have a path of letters of ASCII, digits, - . _ ~ and %-escapes, without .. in it"
        )
    return url


def proxy_url(value: str) -> str:
    """Accept ``http://host:port`` without a user or password in it."""
    parts = _split(value.strip())
    if parts is None or parts.scheme != "http" or not parts.hostname or parts.port is None:
        raise refusal("must be a proxy such as http://proxy.example.com:3128")
    if parts.username is not None or parts.password is not None:
        raise refusal(
            "must not contain credentials: use proxy_username and proxy_password = file:/path"
        )
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise refusal("must end after the port")
    _require_plain_host(parts)
    return parts.scheme + value.strip()[len(parts.scheme) :].rstrip("/")


def principal(value: str) -> str:
    """Accept ``name[/host]@REALM``."""
    if not _PRINCIPAL.fullmatch(value):
        raise refusal("must be a principal with its realm, such as flink@EXAMPLE.COM")
    return value


def hdfs_uri(value: str) -> str:
    """Accept ``hdfs://host[:port]``, the name of a name service, or of mounts of ``viewfs``."""
    if found := _NO_WRITER.fullmatch(value.strip().lower()):
        raise refusal(
            f"is of the scheme {found[1]}, and Flink writes files exactly once to hdfs and viewfs "
            "alone: it needs a client that flushes to the DataNodes, truncates, and takes a lease "
            "back, which only the RPC of the NameNode offers. Name hdfs://host:port"
        )
    match = _HDFS.fullmatch(value)
    if not match or (match[1] and not 0 < int(match[1]) <= _MAX_PORT):
        raise refusal(
            "must be hdfs://host:port, hdfs://nameservice or viewfs://mounts, without a path"
        )
    return value.rstrip("/")


def kafka_topic(value: str | None) -> str | None:
    """Accept the name of a Kafka topic."""
    if value is not None and (not _TOPIC.fullmatch(value) or value in {".", ".."}):
        raise refusal("must be a topic: letters of ASCII, digits, dots, dashes and underscores")
    return value


def state_directory(value: str) -> str:
    """Accept a local path or a URI, and write a local path as a ``file://`` URI."""
    seal = "sealed+" if value.startswith("sealed+") else ""
    location = value.removeprefix("sealed+")
    if "://" not in location and location:
        # Not `as_uri`: Flink takes the text after the scheme as it is, without %-escapes.
        location = f"file://{Path(location.removeprefix('file:')).absolute()}"
    parts = _split(location)
    if parts is None or parts.scheme not in {"file", "hdfs"} or parts.path in {"", "/"}:
        raise refusal("must be a directory: /path, file:///path or hdfs://host:port/path")
    if parts.scheme == "file" and parts.netloc:
        raise refusal("must have three slashes after file: file:///path")
    return seal + location.rstrip("/")


def sha256_fingerprint(value: str | None) -> str | None:
    """Accept 64 hexadecimal digits, with or without colons; returned without, in lower case."""
    if value is None:
        return None
    digits = value.replace(":", "").strip().lower()
    if not _FINGERPRINT.fullmatch(digits):
        raise refusal("must be a SHA-256 fingerprint: 64 hexadecimal digits")
    return digits


def _require_plain_host(parts: SplitResult) -> None:
    """Refuse what Java's URI takes for no host: an underscore, a space, what is not ASCII."""
    host = parts.netloc.rpartition(":")[0] if parts.port is not None else parts.netloc
    if not _URL_HOST.fullmatch(host.removesuffix(":")) or parts.port == 0:
        raise refusal(
            "must have a host of letters of ASCII, digits, dots and dashes, other letters as "
            "xn--…, and a port from 1 to 65535"
        )


def _split(value: str) -> SplitResult | None:
    try:
        parts = urlsplit(value)
        _ = parts.port  # parsed, and refused, only when asked for
    except ValueError:
        return None
    return parts


def basic_user(value: str) -> str:
    """Accept who HTTP basic can name: the first colon ends the name (RFC 7617)."""
    if ":" in value or value != value.strip() or any(category(one) == "Cc" for one in value):
        raise refusal(
            "must have no colon, no control characters and no spaces around it: HTTP basic cannot "
            "express them"
        )
    return value


HostPort = Annotated[str, AfterValidator(host_port)]
HttpUrl = Annotated[str, AfterValidator(http_url)]
ServerUrl = Annotated[str, AfterValidator(server_url)]
BasicUser = Annotated[str, Field(min_length=1), AfterValidator(basic_user)]
ProxyUrl = Annotated[str, AfterValidator(proxy_url)]
