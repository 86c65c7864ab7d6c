# SPDX-License-Identifier: Apache-2.0
"""What may be wrong with the settings of a job in the sandbox: one list for all who must see it.

A job ends with an error that names the setting, before it is submitted; a diagnosis names it too.
"""

from __future__ import annotations

import re
import shutil
import stat
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from flinksec_jobs.sandbox import Sandbox
from flinksec_jobs.sandbox.ports import free_ports
from tests.servers.secrets_search import keytab_keys

CANARY = "not-the-password-of-anyone"


@dataclass(frozen=True)
class Broken:
    """Settings with one thing wrong.

    Attributes:
        overrides: settings by their names, which break those of the sandbox.
        environment: variables, which break it.
        mentions: what a message tells besides the setting.
        file: settings in place of the sandbox's own.
    """

    overrides: dict[str, str] = field(default_factory=dict)
    mentions: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    file: Path | None = None

    @property
    def variables(self) -> dict[str, str]:
        """All of it as variables of the environment."""
        named = {
            f"FLINKSEC_{name.replace('.', '__').upper()}": value
            for name, value in self.overrides.items()
        }
        return named | self.environment

    def write(self, sandbox: Sandbox, home: Path) -> Path:
        """Return a settings file with it."""
        if self.file is not None:
            return self.file
        text = sandbox.settings_toml()
        for name, value in self.overrides.items():
            section, _, key = name.partition(".")
            begin = text.index(f"[{section}]") + len(section) + 2
            end = text.find("\n[", begin) if "\n[" in text[begin:] else len(text)
            body = re.sub(rf"^{key} = .*\n", "", text[begin:end], flags=re.MULTILINE)
            written = f'["{value}"]' if key == "bootstrap_servers" else f'"{value}"'
            text = f"{text[:begin]}\n{key} = {written}{body}{text[end:]}"
        path = home / "broken.toml"
        path.write_text(text)
        return path


@dataclass(frozen=True)
class Case:
    """One thing that may be wrong.

    Attributes:
        what: in words.
        setting: which a message must name.
        make: breaks it, given the sandbox and a directory for files.
        is_unreadable: whether the settings cannot even be read.
    """

    what: str
    setting: str
    make: Callable[[Sandbox, Path], Broken]
    is_unreadable: bool = False


def with_other_keys(keytab: bytes) -> bytes:
    """The same principal with keys that the KDC does not know."""
    for key in keytab_keys(keytab):
        keytab = keytab.replace(key, bytes(byte ^ 0x55 for byte in key))
    return keytab


def private(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    path.chmod(0o600)
    return path


def _another_key(sandbox: Sandbox, home: Path) -> Broken:
    content = with_other_keys(sandbox.keytab("flink").read_bytes())
    wrong = private(home / "wrong.keytab", content)
    return Broken({"kerberos.keytab": f"file:{wrong}"}, (str(wrong),))


def _another_principal(sandbox: Sandbox, home: Path) -> Broken:
    keytab = f"file:{sandbox.keytab('guest')}"
    return Broken({"kerberos.keytab": keytab}, ("flink@SANDBOX.LOCAL",))


def _missing_keytab(sandbox: Sandbox, home: Path) -> Broken:
    missing = f"{home}/none.keytab"
    return Broken({"kerberos.keytab": f"file:{missing}"}, (missing,))


def without_kdc(sandbox: Sandbox, home: Path) -> Broken:
    """A krb5.conf that names a port on which nothing listens."""
    (port,) = free_ports(1)
    lines = sandbox.krb5_conf.read_text().splitlines()
    text = "\n".join(
        f"{line.partition('=')[0]}= localhost:{port}" if line.strip().startswith("kdc") else line
        for line in lines
    )
    krb5_conf = private(home / "krb5.conf", text.encode())
    return Broken({"kerberos.krb5_conf": str(krb5_conf)}, ("no KDC answers",))


def _unreachable_broker(sandbox: Sandbox, home: Path) -> Broken:
    (port,) = free_ports(1)
    server = f"localhost:{port}"
    return Broken({"kafka.bootstrap_servers": server}, (server,))


def _unknown_ca(section: str) -> Callable[[Sandbox, Path], Broken]:
    def make(sandbox: Sandbox, home: Path) -> Broken:
        return Broken({f"{section}.ca_certs": str(sandbox.rogue_ca_certs)})

    return make


def _wrong_password(sandbox: Sandbox, home: Path) -> Broken:
    password = private(home / "password", CANARY.encode())
    return Broken({"elasticsearch.password": f"file:{password}"})


def _no_namenode(sandbox: Sandbox, home: Path) -> Broken:
    (port,) = free_ports(1)
    return Broken({"hdfs.uri": f"hdfs://localhost:{port}"}, (f"localhost:{port}",))


def _another_protection(sandbox: Sandbox, home: Path) -> Broken:
    return Broken({"hdfs.rpc_protection": "authentication"})


def _without_rights(sandbox: Sandbox, home: Path) -> Broken:
    return Broken(
        {
            "kerberos.keytab": f"file:{sandbox.keytab('guest')}",
            "kerberos.principal": "guest@SANDBOX.LOCAL",
        }
    )


def _misspelt(sandbox: Sandbox, home: Path) -> Broken:
    settings = home / "settings.toml"
    settings.write_text(sandbox.settings_toml().replace("ca_certs", "ca_cert", 1))
    return Broken(mentions=("ca_certs", str(settings)), file=settings)


def _open_key_ring(sandbox: Sandbox, home: Path) -> Broken:
    ring = home / "ring"
    shutil.copytree(sandbox.state_keys, ring)
    for key in ring.iterdir():
        key.chmod(key.stat().st_mode | stat.S_IROTH)
    return Broken({"state.keys": str(ring)}, (str(ring),))


def _missing_key_ring(sandbox: Sandbox, home: Path) -> Broken:
    return Broken({"state.keys": f"{home}/no-ring"}, (f"{home}/no-ring",))


def _state_in_a_file(sandbox: Sandbox, home: Path) -> Broken:
    blocked = home / "a-file"
    blocked.write_text("in the way")
    return Broken({"state.directory": str(blocked)}, (str(blocked),))


def _no_java(java_home: str) -> Callable[[Sandbox, Path], Broken]:
    def make(sandbox: Sandbox, home: Path) -> Broken:
        # The wheel with a Java, if it is installed here, must not be found either.
        hidden = home / "hidden"
        hidden.mkdir()
        (hidden / "flinksec_jobs_jre.py").write_text("raise ImportError")
        variables = {"JAVA_HOME": java_home, "PATH": str(home), "PYTHONPATH": str(hidden)}
        return Broken({}, ("no usable Java (17 to 21) was found", "PATH"), variables)

    return make


CASES = (
    Case("a keytab with another key", "kerberos.keytab", _another_key),
    Case("a keytab of another principal", "kerberos.keytab", _another_principal),
    Case("a missing keytab", "kerberos.keytab", _missing_keytab),
    Case("an unreachable broker", "kafka.bootstrap_servers", _unreachable_broker),
    Case("a Kafka behind an unknown CA", "kafka.ca_certs", _unknown_ca("kafka")),
    Case("an Elasticsearch behind an unknown CA", "elasticsearch.ca_certs",
         _unknown_ca("elasticsearch")),
    Case("a wrong password of Elasticsearch", "elasticsearch.password", _wrong_password),
    Case("a NameNode that is not there", "hdfs.uri", _no_namenode),
    Case("a protection that differs from Hadoop's", "hdfs.rpc_protection", _another_protection),
    Case("a principal without rights", "kerberos.principal", _without_rights),
    Case("an unknown setting", "kafka.ca_cert", _misspelt, is_unreadable=True),
    Case("a key ring that others can read", "state.keys", _open_key_ring),
    Case("a missing key ring", "state.keys", _missing_key_ring),
    Case("a directory of state that is a file", "state.directory", _state_in_a_file),
    Case("a Java that is not there", "JAVA_HOME", _no_java("/nonexistent")),
    Case("no Java at all", "JAVA_HOME", _no_java("")),
)  # fmt: skip
