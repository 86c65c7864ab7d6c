# SPDX-License-Identifier: Apache-2.0
import copy
import os
import pickle
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest

from flinksec_jobs.errors import SecretError
from flinksec_jobs.secrets import SecretFile

CANARY = "hunter2-canary"


@pytest.mark.parametrize(
    ("reference", "path"),
    [
        ("file:/etc/keytab", "/etc/keytab"),
        ("file:///etc/keytab", "/etc/keytab"),
        ("/etc/keytab", "/etc/keytab"),
        ("file:/etc/with space", "/etc/with space"),
    ],
)
def test_a_reference_names_a_path(reference: str, path: str) -> None:
    assert SecretFile.parse(reference).path == Path(path)


def test_a_relative_reference_is_made_absolute() -> None:
    assert SecretFile.parse("file:keys/a").path == Path.cwd() / "keys/a"


@pytest.mark.parametrize(
    "text",
    [CANARY, "", "file:", "file://host/" + CANARY, "env:" + CANARY, "//" + CANARY, "/a\n" + CANARY],
)
def test_what_is_no_reference_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(SecretError) as caught:
        SecretFile.parse(text)
    shown = "".join(traceback.format_exception(caught.value))
    assert CANARY not in str(caught.value)
    assert CANARY not in shown.replace(f'parse("{text}")', "")
    assert 'write "file:/path/of/the/file"' in str(caught.value)


def test_a_secret_shows_where_it_lies_and_never_what_it_is(
    secret_file: Callable[..., Path],
) -> None:
    path = secret_file(CANARY.encode())
    secret = SecretFile(path)
    assert secret.read_text() == CANARY
    for shown in (repr(secret), str(secret), f"{secret}", repr([secret]), repr(vars_of(secret))):
        assert CANARY not in shown
    assert repr(secret) == f"<SECRET file:{path}>"
    assert CANARY.encode() not in pickle.dumps(secret)


def vars_of(secret: SecretFile) -> dict[str, object]:
    return {name: getattr(secret, name) for name in secret.__slots__}


def test_a_secret_survives_copying_and_compares_by_its_path() -> None:
    secret = SecretFile(Path("/a"))
    assert copy.deepcopy(secret) == pickle.loads(pickle.dumps(secret)) == secret
    assert len({secret, SecretFile(Path("/a")), SecretFile(Path("/b"))}) == 2


@pytest.mark.parametrize(
    ("content", "text"), [(b"a", "a"), (b"a\n", "a"), (b"a\r\n", "a"), (b"a\n\n", "a\n")]
)
def test_reading_text_strips_one_newline(
    secret_file: Callable[..., Path], content: bytes, text: str
) -> None:
    assert SecretFile(secret_file(content)).read_text() == text
    assert SecretFile(secret_file(content)).read_bytes() == content


@pytest.mark.parametrize("mode", [0o604, 0o602, 0o644, 0o666, 0o620])
def test_a_secret_that_is_too_open_is_refused(secret_file: Callable[..., Path], mode: int) -> None:
    path = secret_file(b"x", mode=mode)
    with pytest.raises(SecretError, match=f"kerberos.keytab .*mode {mode:04o}") as caught:
        SecretFile(path).read_bytes("kerberos.keytab")
    assert caught.value.hint == f"chmod 0600 {path}"


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o440, 0o640])
def test_owner_and_group_may_read_as_in_a_mounted_kubernetes_secret(
    secret_file: Callable[..., Path], mode: int
) -> None:
    SecretFile(secret_file(b"x", mode=mode)).check("kerberos.keytab")


def test_a_link_to_a_secret_is_followed(secret_file: Callable[..., Path], tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(secret_file(b"x"))
    assert SecretFile(link).read_bytes() == b"x"


def check_fails(path: Path, message: str) -> None:
    with pytest.raises(SecretError, match=message) as caught:
        SecretFile(path).check("kerberos.keytab")
    assert caught.value.message.startswith(f"kerberos.keytab (file:{path}) ")
    assert caught.value.hint


def test_missing_empty_and_irregular_files_are_refused(
    secret_file: Callable[..., Path], tmp_path: Path
) -> None:
    check_fails(tmp_path / "absent", "no such file")
    check_fails(secret_file(b""), "is empty")
    check_fails(tmp_path, "not a regular file")
    os.mkfifo(tmp_path / "pipe", 0o600)
    check_fails(tmp_path / "pipe", "not a regular file")


def test_a_line_break_alone_is_no_secret_text(secret_file: Callable[..., Path]) -> None:
    for content in (b"\n", b"\r\n"):
        with pytest.raises(SecretError, match=r"^password \(file:.*\) is empty"):
            SecretFile(secret_file(content)).read_text("password")


def test_a_secret_that_is_not_text_is_refused_without_its_bytes(
    secret_file: Callable[..., Path],
) -> None:
    secret = SecretFile(secret_file(CANARY.encode() + b"\xff"))
    with pytest.raises(SecretError, match=r"password .*is not UTF-8 text") as caught:
        secret.read_text("password")
    assert caught.value.__cause__ is None
    assert CANARY not in str(caught.value)


def test_an_unreadable_secret_is_refused(
    secret_file: Callable[..., Path], unprivileged: Callable[..., str]
) -> None:
    path = secret_file(b"x", mode=0o000)
    path.parent.chmod(0o755)
    message = unprivileged(lambda: SecretFile(path).check("kerberos.keytab"))
    assert "kerberos.keytab" in message
    assert "permission denied" in message


@pytest.fixture
def unprivileged() -> Callable[..., str]:
    """Run a function in a child that is not root, and return what it failed with."""

    def run(function: Callable[[], object]) -> str:
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                if os.geteuid() == 0:
                    os.setuid(65534)
                function()
                os.write(writing, b"nothing failed")
            except BaseException as error:
                os.write(writing, str(error).encode())
            finally:
                os._exit(0)
        os.close(writing)
        os.waitpid(child, 0)
        with os.fdopen(reading) as pipe:
            return pipe.read()

    return run
