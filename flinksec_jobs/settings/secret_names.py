# SPDX-License-Identifier: Apache-2.0
"""By which names an option of Flink or of Kafka holds a secret."""

# The substrings by which Flink itself masks a value, and others that mean the same.
_SECRET_PARTS = (
    "password",
    "passwd",
    "passphrase",
    "secret",
    "apikey",
    "api-key",
    "auth-params",
    "service-key",
    "token",
    "basic-auth",
    "jaas.config",
    "http-headers",
    "fs.azure.account.key",
    "ssl.keystore.key",
)
_NO_SECRETS_DESPITE_NAME = ("security.delegation.tokens.", "sasl.oauthbearer.token.endpoint.")


def holds_secret(key: str) -> bool:
    """Tell whether the value of a Flink or Kafka option with this name is a secret."""
    name = key.lower()
    return not name.startswith(_NO_SECRETS_DESPITE_NAME) and any(
        part in name for part in _SECRET_PARTS
    )
