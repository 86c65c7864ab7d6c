# SPDX-License-Identifier: Apache-2.0
"""Settings with a cluster for each login and each form of a certificate; all are one broker."""

from __future__ import annotations

import secrets
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from flinksec_jobs import certificates
from flinksec_jobs.private_files import write_private
from flinksec_jobs.sandbox import Sandbox, kafka_logins, registry_server
from flinksec_jobs.settings import Settings
from tests.servers.secrets_search import secrets_of

# The same certificate: in stores, and with an encrypted key.
IN_STORES = ("store", "encrypted")
NAMES = {login: login.replace("-", "") for login in kafka_logins.LOGINS}


def write_stores(box: Sandbox) -> None:
    """The job's certificate in a store, and with an encrypted key; each with its password."""
    directory = box.directory / "secrets"
    for name in ("store", "key", "trust"):
        write_private(directory / f"{name}.password", secrets.token_urlsafe(24))
    key = serialization.load_pem_private_key(box.client_key.read_bytes(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    [ca] = x509.load_pem_x509_certificates(box.ca_certs.read_bytes())
    client = x509.load_pem_x509_certificates(box.client_cert.read_bytes())[0]
    store = certificates.Identity(client, key, (ca,)).pkcs12(password_of(box, "store"))
    write_private(directory / "client.p12", store)
    trust = certificates.truststore([ca], password_of(box, "trust"))
    write_private(directory / "trust.p12", trust)
    encrypted = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(password_of(box, "key").encode()),
    )
    write_private(directory / "client.encrypted.key", encrypted)


def password_of(box: Sandbox, name: str) -> str:
    return (box.directory / "secrets" / f"{name}.password").read_text()


def all_secrets(box: Sandbox) -> dict[str, bytes]:
    passwords = {name: password_of(box, name).encode() for name in ("store", "key", "trust")}
    return secrets_of(box.directory) | passwords


def on_all(box: Sandbox, registry_by: str = "token") -> Settings:
    """One job's settings, with a cluster for each login and store; all are the one broker."""
    overrides: dict[str, Any] = {}
    for login, name in NAMES.items():
        if login == kafka_logins.TICKETS:
            continue
        port = box.ports["kafka-ssl" if login == "certificate" else "kafka-sasl-ssl"]
        section = {
            "bootstrap_servers": [f"localhost:{port}"],
            "ca_certs": str(box.ca_certs),
            "group_id": "flink",
            **kafka_logins.kafka_settings(box._layout, box.ports, login),
        }
        overrides |= {f"kafka.{name}.{key}": value for key, value in section.items()}
    directory, certificate = box.directory / "secrets", overrides_of(overrides, "certificate")
    password = {"client_key_password": f"file:{directory / 'store.password'}"}
    trust = {
        "ca_certs": str(directory / "trust.p12"),
        "ca_certs_password": f"file:{directory / 'trust.password'}",
    }
    del certificate["client_key"]
    store = certificate | password | trust | {"client_cert": str(directory / "client.p12")}
    encrypted = overrides_of(overrides, "certificate") | {
        "client_key": f"file:{directory / 'client.encrypted.key'}",
        "client_key_password": f"file:{directory / 'key.password'}",
    }
    for name, section in zip(IN_STORES, (store, encrypted), strict=True):
        overrides |= {f"kafka.{name}.{key}": value for key, value in section.items()}
    registry: dict[str, Any] = {
        "urls": [f"https://localhost:{box.ports['schema-registry']}"],
        "ca_certs": str(box.ca_certs),
        "auto_register": True,
    }
    if registry_by == "token":
        registry |= {
            "username": None,
            "password": None,
            "token": f"file:{directory / 'schema-registry-token'}",
        }
    else:
        registry |= {
            "username": registry_server.USER,
            "password": f"file:{directory / 'schema-registry-password'}",
        }
    overrides["schema_registry"] = registry
    return box.settings(login=kafka_logins.TICKETS, overrides=overrides)


def overrides_of(overrides: dict[str, Any], name: str) -> dict[str, Any]:
    start = f"kafka.{name}."
    return {
        key.removeprefix(start): value for key, value in overrides.items() if key.startswith(start)
    }
