// SPDX-License-Identifier: Apache-2.0
package org.flinksec.log;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.ConnectException;
import java.net.SocketTimeoutException;
import java.time.LocalDateTime;
import java.time.ZoneId;
import javax.security.auth.login.LoginException;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.core.config.DefaultConfiguration;
import org.apache.logging.log4j.core.impl.Log4jLogEvent;
import org.apache.logging.log4j.core.layout.PatternLayout;
import org.apache.logging.log4j.message.SimpleMessage;
import org.ietf.jgss.GSSException;
import org.junit.jupiter.api.Test;

/** As Log4j finds and uses it, in a pattern. */
class FailureConverterTest {
  private static final String COORDINATOR =
      "org.apache.flink.runtime.checkpoint.CheckpointCoordinator";
  private static final LocalDateTime BEGIN = LocalDateTime.of(2026, 1, 2, 3, 4, 5);

  private final PatternLayout layout =
      PatternLayout.newBuilder()
          .withConfiguration(new DefaultConfiguration())
          .withPattern("%p %m%n%failure")
          .build();
  private int second;

  @Test
  void aStackTraceIsWrittenOnceAndTheLinesOfARestartEachTime() {
    String first = logged("Job to RESTARTING", new IllegalStateException(new IOException("away")));
    assertThat(first)
        .startsWith("WARN Job to RESTARTING\njava.lang.IllegalStateException: ")
        .contains("Caused by: java.io.IOException: away\n")
        .contains("\tat org.flinksec.log.FailureConverterTest");
    for (int time = 2; time < 60; time++) {
      assertThat(logged("Job to RESTARTING", new IllegalStateException(new IOException("away"))))
          .isEqualTo(
              "WARN Job to RESTARTING\n  [the same failure as at 03:04:05, for the %d. time: "
                      .formatted(time)
                  + "IOException]\n");
    }
  }

  @Test
  void anotherCauseIsWrittenWhole() {
    logged("Job to RESTARTING", failure("away"));
    logged("Job to RESTARTING", failure("away"));
    assertThat(logged("Job to RESTARTING", failure("not allowed")))
        .contains("java.io.IOException: not allowed\n\tat ");
  }

  @Test
  void theFirstCheckpointAfterFailuresSaysThatTheJobGoesOn() {
    assertThat(completed(1)).isEqualTo("INFO Completed checkpoint 1 for job\n");
    logged("Job to RESTARTING", failure("away"));
    logged("Job to RESTARTING", failure("away"));
    assertThat(completed(2))
        .isEqualTo(
            "INFO Completed checkpoint 2 for job\n  [the job goes on: the first checkpoint since"
                + " 03:04:06, failures logged: 2]\n");
    assertThat(completed(3)).isEqualTo("INFO Completed checkpoint 3 for job\n");
  }

  @Test
  void aRightThatWasTakenAwayIsFollowedByWhatToDo() {
    String hint = "  [hint: give the job's principal READ on its group, kafka.group_id, again; ";
    assertThat(logged("Failed to commit", new GroupAuthorizationException())).contains(hint);
    assertThat(logged("Failed to commit", new GroupAuthorizationException()))
        .endsWith("for the 2. time: GroupAuthorizationException]\n")
        .doesNotContain("hint");
  }

  @Test
  void aLoginThatComesToNoKdcSaysThatItIsTheKdc() {
    LoginException login = new LoginException("Connection refused");
    login.initCause(new ConnectException("Connection refused"));
    String hint = "  [hint: no KDC answers: check that a KDC that kerberos.krb5_conf names";
    assertThat(logged("Could not refresh TGT", login)).contains(hint);
    GSSException ticket = new GSSException(GSSException.NO_CRED, -1, "Receive timed out");
    ticket.initCause(new SocketTimeoutException("Receive timed out"));
    assertThat(logged("no connection", new IllegalStateException(ticket))).contains(hint);
  }

  @Test
  void whatElseIsRefusedIsNotTakenForAKdc() {
    assertThat(logged("away", new IOException(new ConnectException("Connection refused"))))
        .doesNotContain("hint");
    assertThat(logged("no key", new LoginException("Checksum failed"))).doesNotContain("hint");
  }

  /** As Kafka's is called in whatever package. */
  private static final class GroupAuthorizationException extends Exception {
    private static final long serialVersionUID = 1L;

    @Override
    public String toString() {
      return "org.example.GroupAuthorizationException: Not authorized to access group: flink";
    }
  }

  private static IOException failure(String message) {
    return new IOException(message);
  }

  private String completed(int number) {
    return line(COORDINATOR, Level.INFO, "Completed checkpoint " + number + " for job", null);
  }

  private String logged(String message, Throwable thrown) {
    return line("org.apache.flink.runtime.Job", Level.WARN, message, thrown);
  }

  private String line(String logger, Level level, String message, Throwable thrown) {
    long at = BEGIN.plusSeconds(second++).atZone(ZoneId.systemDefault()).toInstant().toEpochMilli();
    return layout.toSerializable(
        Log4jLogEvent.newBuilder()
            .setLoggerName(logger)
            .setLevel(level)
            .setMessage(new SimpleMessage(message))
            .setThrown(thrown)
            .setTimeMillis(at)
            .build());
  }
}
