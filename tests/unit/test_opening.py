# SPDX-License-Identifier: Apache-2.0
"""No module opens a file of others otherwise than through `flinksec_jobs.files`."""

import ast
from collections.abc import Iterator
from pathlib import Path

import flinksec_jobs

_PACKAGE = Path(flinksec_jobs.__file__).parent

_METHODS = {
    *("open", "read_text", "read_bytes", "load_all"),
    # OpenSSL opens by name, too.
    *("load_cert_chain", "load_verify_locations", "create_default_context"),
}
_CALLS = {
    *("open", "os.open", "io.open", "codecs.open", "os.fdopen", "tempfile.mkstemp"),
    *("tomllib.load", "tomllib.loads", "json.load", "yaml.load", "YAML", "ElementTree.parse"),
    *("ElementTree.fromstring", "zipfile.ZipFile", "tarfile.open", "click.File"),
}

_SECRET = "a SecretFile, which reads by files.open_regular"
_KEY_RING = "a key ring, whose files are read by files"
_OURS = "part of this library, or of a wheel that it locks"
_MADE = "made by the same process a moment before, in its private directory"
_IMAGE = "runs while an image is built, on what the image has"
_WRITES = "writes"
_LOOKED_AT = "by its name, which only OpenSSL takes, after files has opened it"
_PEM = "files of this process, made of what was read by files"
_ELASTICSEARCH = "SecretFile(layout.secret('elasticsearch-password')).read_text"
_SCAFFOLD = "Path(__file__).with_name(f'{template}.tmpl').read_text"

# Key rings, whose files are read by files, and Flink's file systems in the JVM.
_OTHER_THINGS = {"KeyRing.open", "path.getFileSystem().open", "manifests_.load_all"}

# What is let through: the module, the call as it is written there, and why.
_REASONS = {
    ("files.py", "os.open"): "this is the place",
    ("files.py", "os.fdopen"): "this is the place",
    ("parsing.py", "YAML"): "this is the place",
    ("parsing.py", "yaml.load_all"): "this is the place",
    ("parsing.py", "tomllib.loads"): "this is the place",
    ("yaml_writing.py", "YAML"): _WRITES,
    ("functions/runner.py", "self._function.open"): "it opens no file, but a function of a job",
    ("secrets.py", "self.read_bytes"): _SECRET,
    ("secrets.py", "self.read_text"): _SECRET,
    ("certs/stores.py", "SecretFile(path).read_text"): _SECRET,
    ("cluster/entrypoint.py", "SecretFile(directory / PASSWORD).read_text"): _SECRET,
    ("kerberos.py", "keytab.read_bytes"): _SECRET,
    ("logins/references.py", "secret.read_bytes"): _SECRET,
    ("logins/by_password.py", "told.kafka.password.read_text"): _SECRET,
    ("logins/python_tokens.py", "self.secret.read_text"): _SECRET,
    ("logins/python_tokens.py", "file.read_text"): _SECRET,
    ("sandbox/elasticsearch_node.py", _ELASTICSEARCH): _SECRET,
    ("sealed/token.py", "address.pin.read_text"): _SECRET,
    ("sealed/token.py", "token.open"): "a session with a token",
    ("https/authorization.py", "settings.password.read_text"): _SECRET,
    ("https/authorization.py", "settings.proxy_password.read_text"): _SECRET,
    ("tls_files.py", "named.client_key.read_bytes"): _SECRET,
    ("tls_files.py", "password.read_text"): _SECRET,
    ("tls_files.py", "secret.read_text"): _SECRET,
    ("ticket_cache.py", "file.read_bytes"): _SECRET,
    ("file_checks.py", "password.read_text"): _SECRET,
    ("tls.py", "key.read_bytes"): _SECRET,
    ("sealed/keyring.py", "cls.open"): _KEY_RING,
    ("sealed/keyring.py", "self.open"): _KEY_RING,
    ("demo/flights.py", "archive.open"): _OURS,
    ("demo/flights.py", "zipfile.ZipFile"): _OURS,
    ("image/bill.py", "(home / 'release').read_text"): _IMAGE,
    ("image/bill.py", "Path('/etc/os-release').read_text"): _IMAGE,
    ("image/bill.py", "path.read_bytes"): _IMAGE,
    ("manifests/kube/known_kinds.py", "files(__package__).joinpath(name).read_text"): _OURS,
    ("scaffold/__init__.py", _SCAFFOLD): _OURS,
    ("scaffold/__init__.py", "path.read_text"): _OURS,
    ("scaffold/overlay.py", "path.read_text"): _OURS,
    ("runtime/artifacts.py", "LOCK_FILE.read_text"): _OURS,
    ("runtime/jars_lock.py", "LOCK_FILE.read_text"): _OURS,
    ("runtime/jars_lock.py", "Path(artifact.resolve()).read_bytes"): _OURS,
    ("settings/flink_options.py", "_FILE.read_text"): _OURS,
    ("settings/kafka_properties.py", "_FILE.read_text"): _OURS,
    ("demo/attacks.py", "original.read_bytes"): _MADE,
    ("demo/attacks.py", "path.read_bytes"): _MADE,
    ("logins/python_tokens.py", "ssl.create_default_context"): "what files read, or the system's",
    ("runtime/rest.py", "ssl.create_default_context"): _LOOKED_AT,
    ("runtime/rest.py", "context.load_cert_chain"): _LOOKED_AT,
    ("https/ssl_contexts.py", "context.load_cert_chain"): _PEM,
    ("https/ssl_contexts.py", "context.load_verify_locations"): "what was read before",
    ("kafka_python.py", "context.load_cert_chain"): _PEM,
    ("kafka_python.py", "ssl.create_default_context"): _PEM,
    ("runtime/gateway.py", "log_file.open"): _WRITES,
    ("runtime/gateway.py", "os.open"): _WRITES,
    ("runtime/gateway.py", "port_file.read_text"): _MADE,
    ("resume/one_run.py", "os.open"): "a lock, in a directory of this user",
    ("runtime/run_directory.py", "os.open"): "a lock, in a directory of this user",
    ("sandbox/processes.py", "log.open"): _WRITES,
    ("sandbox/registry_server.py", "tarfile.open"): "an archive of the lock, verified before",
    ("sandbox/marker.py", "layout.marker.open"): _WRITES,
    ("functions/own_process.py", "self._runner.open"): "no file, but a function of a job",
    ("functions/own_process.py", "os.fdopen"): "pipes that the JVM has made",
    ("functions/own_process.py", "os.open"): "nothing, in the place of a pipe",
    ("private_files.py", "os.fdopen"): _WRITES,
    ("private_files.py", "os.open"): _WRITES,
    ("sealed/export.py", "os.fdopen"): _WRITES,
    ("sealed/export.py", "os.open"): _WRITES,
    ("sealed/keyfiles.py", "os.open"): "locks a key ring's directory",
    ("sealed/rekey.py", "os.open"): _WRITES,
    ("sealed/writer.py", "os.fdopen"): _WRITES,
    ("sealed/writer.py", "os.open"): _WRITES,
    ("certs/generations.py", "os.open"): "locks a directory",
    ("image/context.py", "zipfile.ZipFile"): _WRITES,
    ("image/job_files.py", "target.open"): _WRITES,
}


def _opened(path: Path) -> Iterator[tuple[str, str]]:
    module = str(path.relative_to(_PACKAGE))
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            method = node.func.attr if isinstance(node.func, ast.Attribute) else ""
            if (called in _CALLS or method in _METHODS) and called not in _OTHER_THINGS:
                yield module, called


def test_nothing_is_opened_but_by_the_one_place_for_it_and_for_a_reason() -> None:
    found = {call for path in sorted(_PACKAGE.rglob("*.py")) for call in _opened(path)}
    assert sorted(found - _REASONS.keys()) == []
    assert sorted(_REASONS.keys() - found) == []  # a reason for what is no longer there
