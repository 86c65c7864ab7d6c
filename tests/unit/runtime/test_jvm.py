# SPDX-License-Identifier: Apache-2.0
"""Exceptions out of the JVM become one line of ours. No JVM is started."""

import traceback

import pytest
from py4j.protocol import Py4JError, Py4JJavaError, Py4JNetworkError
from pyflink import java_gateway

from flinksec_jobs.errors import JobError, SettingsError
from flinksec_jobs.runtime import java_causes, jvm
from flinksec_jobs.runtime.submitted import LocalJobClient, SubmittedJob


class JavaException:
    """What Py4J shows of a Java exception."""

    def __init__(
        self, name: str, message: str | None = None, cause: "JavaException | None" = None
    ) -> None:
        self._name = name
        self._message = message
        self._cause = cause

    def getClass(self) -> "JavaException":  # noqa: N802  Java's name
        return self

    def getName(self) -> str:  # noqa: N802
        return self._name

    def getMessage(self) -> str | None:  # noqa: N802
        return self._message

    def getCause(self) -> "JavaException | None":  # noqa: N802
        return self._cause

    def getStackTrace(self) -> list["Frame"]:  # noqa: N802
        return []

    def toString(self) -> str:  # noqa: N802
        return f"{self._name}: {self._message}"


def test_the_deepest_cause_that_says_something_is_told() -> None:
    deepest = JavaException("java.lang.NullPointerException")
    telling = JavaException("javax.security.auth.login.LoginException", "no key", deepest)
    outer = JavaException("org.apache.flink.util.FlinkException", "it failed", telling)
    assert jvm.root_cause(outer) == "LoginException: no key"


@pytest.mark.parametrize("asks", [*java_causes.OF_KERBEROS])
@pytest.mark.parametrize(
    ("why", "message", "told"),
    [
        ("java.net.ConnectException", "Connection refused", "ConnectException: Connection refused"),
        # Which is what a KDC that is asked by UDP comes to.
        ("java.net.PortUnreachableException", None, "PortUnreachableException"),
    ],
)
def test_a_login_that_does_not_come_to_a_kdc_says_so(
    asks: str, why: str, message: str | None, told: str
) -> None:
    login = JavaException(asks, message, JavaException(why, message))
    outer = JavaException("org.apache.kafka.common.KafkaException", "no client", login)
    assert jvm.root_cause(outer) == f"{asks.rsplit('.', 1)[-1]}: no KDC answers ({told})"


def test_a_connection_of_anything_else_is_not_taken_for_that_to_a_kdc() -> None:
    refused = JavaException("java.net.ConnectException", "Connection refused")
    outer = JavaException("java.io.IOException", "no connection", refused)
    assert jvm.root_cause(outer) == "ConnectException: Connection refused"
    key = JavaException("sun.security.krb5.KrbException", "Checksum failed")
    login = JavaException("javax.security.auth.login.LoginException", "Checksum failed", key)
    assert jvm.root_cause(login) == "KrbException: Checksum failed"


class Frame:
    """A frame of a Java trace."""

    def __init__(self, name: str) -> None:
        self._name = name

    def getClassName(self) -> str:  # noqa: N802  Java's name
        return self._name


@pytest.mark.parametrize(
    ("why", "message", "told"),
    [
        ("java.net.ConnectException", "Connection refused", "the KMS does not answer: "),
        ("sun.security.provider.certpath.SunCertPathBuilderException", "no", "the KMS is not "),
        ("java.io.IOException", "Connection refused", "IOException: Connection refused"),
    ],
)
def test_a_connection_or_a_certificate_of_a_kms_is_told_as_that(
    monkeypatch: pytest.MonkeyPatch, why: str, message: str, told: str
) -> None:
    cause = JavaException(why, message)
    outer = JavaException("java.io.IOException", "no key", cause)
    assert not jvm.root_cause(outer).startswith("the KMS")
    asked = [Frame("java.net.Socket"), Frame("org.apache.hadoop.crypto.key.kms.KMSClientProvider")]
    monkeypatch.setattr(cause, "getStackTrace", lambda: asked)
    assert jvm.root_cause(outer).startswith(told)


@pytest.mark.parametrize(
    ("thrower", "told"),
    [
        ("org.flinksec.kafka.Around", "metadata names 'x'"),
        ("org.apache.flink.A", "IllegalArgumentException: metadata names 'x'"),
    ],
)
def test_an_argument_that_our_own_code_refuses_is_told_without_javas_class(
    monkeypatch: pytest.MonkeyPatch, thrower: str, told: str
) -> None:
    refusal = JavaException("java.lang.IllegalArgumentException", "metadata names 'x'")
    monkeypatch.setattr(refusal, "getStackTrace", lambda: [Frame(thrower)], raising=False)
    assert jvm.root_cause(refusal) == told


def test_what_only_wraps_is_passed_over() -> None:
    wrapper = JavaException("java.util.concurrent.ExecutionException", "java.io.IOException: full")
    outer = JavaException("java.io.IOException", "disk full", wrapper)
    assert jvm.root_cause(outer) == "IOException: disk full"


def test_without_any_message_the_exception_itself_is_told() -> None:
    assert jvm.root_cause(JavaException("a.B")) == "a.B: None"


def test_the_frames_of_a_java_trace_are_left_out() -> None:
    message = "it failed\n\tat org.example.A.b(A.java:1)\nfor a reason"
    assert jvm.root_cause(JavaException("a.B", message)) == "B: it failed\nfor a reason"


def test_causes_in_a_circle_end() -> None:
    circle = JavaException("a.B", "round")
    circle._cause = circle
    assert jvm.root_cause(circle) == "B: round"


def raised(error: Exception) -> JobError:
    with pytest.raises(JobError) as caught, jvm.translated("the job failed"):
        raise error
    assert caught.value.__context__ is error  # for a debugger
    shown = "".join(traceback.format_exception(caught.value))
    assert f"{type(error).__name__}: " not in shown, "the trace of Java stands before the message"
    return caught.value


@pytest.mark.parametrize("error", [Py4JNetworkError("gone"), ConnectionResetError()])
def test_a_jvm_that_is_gone_is_told_with_how_to_go_on(error: Exception) -> None:
    found = raised(error)
    assert found.message == "the job failed: the JVM that ran the job is gone"
    assert "its last complete checkpoint" in str(found.hint)


def of_java(exception: JavaException) -> Py4JJavaError:
    error = Py4JJavaError.__new__(Py4JJavaError)
    Exception.__init__(error, "a hundred lines")
    error.java_exception = exception
    return error


def test_a_bad_record_that_fails_a_job_is_told_with_the_ways_to_go_on_without_it() -> None:
    bad = JavaException("org.flinksec.badrecords.BadRecordException", "the id field 'id' is empty")
    failed = JavaException("org.apache.flink.runtime.JobException", "failed", bad)
    found = raised(of_java(failed))
    assert found.message == "the job failed: the id field 'id' is empty"
    assert found.hint == (
        'leave such records out by on_error="skip", or keep them by on_error="dead_letter"'
    )


def test_one_bad_record_too_many_is_told_with_the_setting_of_how_many() -> None:
    message = "100 in a row (job.max_skipped_in_a_row). The last one: the id field 'id' is empty"
    found = raised(of_java(JavaException("org.flinksec.badrecords.BadRecordException", message)))
    assert str(found.hint).endswith("or raise job.max_skipped_in_a_row")


def test_what_is_no_bad_record_has_no_such_way_out() -> None:
    assert raised(of_java(JavaException("java.io.IOException", "disk full"))).hint is None


def test_an_error_of_the_bridge_is_told() -> None:
    assert raised(Py4JError("no such class")).message == "the job failed: no such class"


def test_an_exception_that_pyflink_made_of_a_java_one_is_told_by_its_last_cause() -> None:
    of_pyflink = type("TableException", (Exception,), {"__module__": "pyflink.util.exceptions"})
    text = "outer\n\tat a.b\nCaused by: a.B: middle\n\tat a.b\nCaused by: a.C: the reason\n\tat a"
    assert raised(of_pyflink(text)).message == "the job failed: a.C: the reason"
    assert raised(of_pyflink("only this\n\tat a.b")).message == "the job failed: only this"


@pytest.mark.parametrize("error", [SettingsError("ours"), ZeroDivisionError("a fault")])
def test_what_is_ours_already_or_no_java_exception_passes_unchanged(error: Exception) -> None:
    with pytest.raises(type(error)) as caught, jvm.translated("the job failed"):
        raise error
    assert caught.value is error


def test_a_message_of_our_own_java_code_comes_before_what_caused_it() -> None:
    tag = JavaException("javax.crypto.AEADBadTagException", "Tag mismatch!")
    ours = JavaException("org.flinksec.sealed.format.SealedFileException", "/s/f: altered", tag)
    outer = JavaException("java.io.IOException", "cannot restore", ours)
    assert jvm.root_cause(outer) == "/s/f: altered"


def test_a_jvm_that_pyflink_started_on_its_own_is_refused_with_the_reason(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It has none of our environment: no Kerberos, no sealed state, and nothing would tell."""
    monkeypatch.setattr(java_gateway, "_gateway", object())
    with pytest.raises(JobError, match="started a JVM before the job could prepare it") as caught:
        jvm.refuse_a_foreign_one()
    assert "with SecureJob" in str(caught.value.hint)


def test_a_jvm_that_was_started_here_is_no_foreign_one(monkeypatch: pytest.MonkeyPatch) -> None:
    gateway = object()
    monkeypatch.setattr(java_gateway, "_gateway", gateway)
    monkeypatch.setitem(jvm._started, "gateway", gateway)
    jvm.refuse_a_foreign_one()


def test_pyflink_gets_the_connection_that_was_made_and_starts_no_jvm(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    launch = java_gateway.launch_gateway
    # It looks for the function anew, as PyFlink's own does.
    monkeypatch.setattr(java_gateway, "get_gateway", lambda: java_gateway.launch_gateway())  # noqa: PLW0108
    monkeypatch.setattr(jvm, "_started", {})
    gateway = object()
    jvm.attach(gateway)
    assert jvm._started == {"gateway": gateway}
    assert java_gateway.launch_gateway is launch
    monkeypatch.setattr(java_gateway, "_gateway", gateway)
    jvm.detach()
    assert java_gateway._gateway is None
    assert jvm._started == {}


def test_a_cluster_is_told_from_a_local_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYFLINK_GATEWAY_PORT", raising=False)
    assert jvm.runs_in_a_cluster() is False
    monkeypatch.setenv("PYFLINK_GATEWAY_PORT", "1")
    assert jvm.runs_in_a_cluster() is True


def test_pyflinks_jar_is_not_shipped_where_it_is_on_the_class_path() -> None:
    python, ours = "file:/opt/my%20flink/opt/flink-python-2.2.1.jar", "file:///jars/ours.jar"
    there = "/opt/my flink/opt/flink-python-2.2.1.jar:/jars/ours.jar"
    assert jvm.without_flinks_python([python, ours], there) == [ours]
    assert jvm.without_flinks_python([python, ours], "/opt/my flink/lib/a.jar") == [python, ours]


class MiniCluster:
    """What Py4J shows of Flink's, and of the client that holds it."""

    def __init__(self, *, running: bool) -> None:
        self.isRunning = lambda: running

    def getRestAddress(self) -> None:  # noqa: N802  Java's name
        raise Py4JError("MiniCluster is not yet running or has already been shut down.")

    def getJobExecutionResult(self) -> None:  # noqa: N802
        return None

    def getClass(self) -> "MiniCluster":  # noqa: N802
        return self

    def getDeclaredField(self, name: str) -> "MiniCluster":  # noqa: N802
        assert name == "miniCluster"
        return self

    def setAccessible(self, _: bool) -> None:  # noqa: N802
        pass

    def get(self, _client: object) -> "MiniCluster":
        return self


def test_a_job_that_ended_at_once_has_no_rest_address_and_that_is_no_failure() -> None:
    assert SubmittedJob(LocalJobClient(MiniCluster(running=False))).rest_address() is None
    with pytest.raises(Py4JError):
        SubmittedJob(LocalJobClient(MiniCluster(running=True))).rest_address()
