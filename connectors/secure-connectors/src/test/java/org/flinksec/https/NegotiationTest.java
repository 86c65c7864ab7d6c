// SPDX-License-Identifier: Apache-2.0
package org.flinksec.https;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import javax.security.auth.Subject;
import javax.security.auth.kerberos.KerberosPrincipal;
import javax.security.auth.kerberos.KerberosTicket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which ticket requests are made with while the KDC, or the file, is not there. */
class NegotiationTest {
  private static final Duration HOUR = Duration.ofHours(1);

  private int logins;
  private Subject next;

  private static Subject ticket(Duration begun, Duration left) {
    Instant now = Instant.now();
    Date from = Date.from(now.minus(begun));
    Date until = Date.from(now.plus(left));
    KerberosTicket made =
        new KerberosTicket(
            new byte[] {1},
            new KerberosPrincipal("flink@EXAMPLE.COM"),
            new KerberosPrincipal("krbtgt/EXAMPLE.COM@EXAMPLE.COM"),
            new byte[32],
            18,
            new boolean[32],
            from,
            from,
            until,
            null,
            null);
    Subject subject = new Subject();
    subject.getPrivateCredentials().add(made);
    return subject;
  }

  private Negotiation negotiation(Path keytab) {
    return new Negotiation(
        "elasticsearch",
        new Login.Kerberos("flink@EXAMPLE.COM", keytab.toString(), null, "HTTP"),
        () -> {
          logins++;
          if (next == null) {
            throw new javax.security.auth.login.LoginException("no KDC");
          }
          return next;
        });
  }

  @Test
  void aTicketThatIsStillGoodIsUsedWhereNoNewOneIsToBeHad(@TempDir Path directory)
      throws Exception {
    Path keytab = Files.createFile(directory.resolve("flink.keytab"));
    Negotiation negotiation = negotiation(keytab);
    Subject first = ticket(HOUR, HOUR);
    next = first;
    assertThat(negotiation.subject()).isSameAs(first);
    next = null;
    Files.setLastModifiedTime(keytab, FileTime.from(Instant.now().plus(HOUR)));
    assertThat(negotiation.subject()).isSameAs(first);
    assertThat(negotiation.subject()).isSameAs(first);
    assertThat(logins).as("a KDC that is away holds one request up, and not each").isEqualTo(2);
  }

  @Test
  void aFileOfOldTicketsIsNotReadForEachRequest(@TempDir Path directory) throws Exception {
    Negotiation negotiation = negotiation(Files.createFile(directory.resolve("tickets")));
    next = ticket(HOUR.multipliedBy(9), HOUR);
    negotiation.subject();
    negotiation.subject();
    assertThat(logins).isEqualTo(1);
  }

  @Test
  void aTicketThatHasEndedIsNotUsed(@TempDir Path directory) throws Exception {
    Negotiation negotiation = negotiation(Files.createFile(directory.resolve("flink.keytab")));
    next = ticket(HOUR, Duration.ofSeconds(-1));
    negotiation.subject();
    next = null;
    assertThatThrownBy(negotiation::subject)
        .isInstanceOf(LoginException.class)
        .hasMessageContaining("elasticsearch.kerberos: flink@EXAMPLE.COM cannot log in with")
        .hasMessageEndingWith("no KDC");
  }
}
