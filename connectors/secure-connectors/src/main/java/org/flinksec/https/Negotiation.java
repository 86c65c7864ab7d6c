// SPDX-License-Identifier: Apache-2.0
package org.flinksec.https;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.PrivilegedActionException;
import java.security.PrivilegedExceptionAction;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import javax.security.auth.Subject;
import javax.security.auth.kerberos.KerberosTicket;
import javax.security.auth.login.AppConfigurationEntry;
import javax.security.auth.login.Configuration;
import javax.security.auth.login.LoginContext;
import org.flinksec.https.Login.Kerberos;
import org.flinksec.tls.TlsFailures;
import org.ietf.jgss.GSSContext;
import org.ietf.jgss.GSSCredential;
import org.ietf.jgss.GSSException;
import org.ietf.jgss.GSSManager;
import org.ietf.jgss.GSSName;
import org.ietf.jgss.Oid;

/**
 * Tokens of SPNEGO (RFC 4559), one for each request, since a server takes none twice.
 *
 * <p>The login is this client's own and not the process's. It is made again when four fifths of the
 * ticket's life are over, and when the keytab or the file of tickets has changed; where that fails,
 * the ticket is used for the rest of its life. Nothing is delegated: a server cannot act as the
 * job.
 */
final class Negotiation {
  private static final String MODULE = "com.sun.security.auth.module.Krb5LoginModule";
  private static final String SPNEGO = "1.3.6.1.5.5.2";

  private static final Duration PAUSE = Duration.ofSeconds(30);

  private final String section;
  private final Kerberos kerberos;
  private final Logins logins;
  private Subject subject;
  private Instant renewal = Instant.MIN;
  private FileTime changed;
  private Instant failed = Instant.MIN;
  private volatile boolean worked;

  /** Makes logins, each with a ticket of its own. */
  interface Logins {
    Subject login() throws javax.security.auth.login.LoginException;
  }

  Negotiation(String section, Kerberos kerberos) {
    this(section, kerberos, () -> login(kerberos));
  }

  Negotiation(String section, Kerberos kerberos, Logins logins) {
    this.section = section;
    this.kerberos = kerberos;
    this.logins = logins;
  }

  /**
   * A token for the service on a host, in base64.
   *
   * @throws LoginException if the KDC gives no ticket, and never gave one: a setting is wrong
   * @throws IOException if it gives none any more, which may pass
   */
  String token(String host) throws IOException {
    try {
      Subject who = subject();
      PrivilegedExceptionAction<byte[]> made = () -> made(service(host));
      String token = Base64.getEncoder().encodeToString(Subject.doAs(who, made));
      worked = true;
      return token;
    } catch (LoginException e) {
      throw failed(e.getMessage());
    } catch (PrivilegedActionException e) {
      throw failed(
          "%s.kerberos: the KDC gives %s no ticket for %s: %s"
              .formatted(section, kerberos.principal(), service(host), TlsFailures.last(e)));
    }
  }

  private IOException failed(String message) {
    return worked ? new IOException(message) : new LoginException(message);
  }

  private String service(String host) {
    return kerberos.service() + "@" + host;
  }

  private static byte[] made(String service) throws GSSException {
    GSSManager manager = GSSManager.getInstance();
    Oid mechanism = new Oid(SPNEGO);
    GSSName server = manager.createName(service, GSSName.NT_HOSTBASED_SERVICE);
    GSSCredential own =
        manager.createCredential(
            null, GSSCredential.DEFAULT_LIFETIME, mechanism, GSSCredential.INITIATE_ONLY);
    GSSContext context = manager.createContext(server, mechanism, own, GSSContext.DEFAULT_LIFETIME);
    try {
      context.requestMutualAuth(true);
      context.requestCredDeleg(false);
      return context.initSecContext(new byte[0], 0, 0);
    } finally {
      context.dispose();
    }
  }

  synchronized Subject subject() throws LoginException {
    FileTime now = modified();
    Instant time = Instant.now();
    boolean isDue = time.isAfter(renewal) || !now.equals(changed);
    if (subject == null || !isGood(subject) || isDue && time.isAfter(failed.plus(PAUSE))) {
      try {
        subject = logins.login();
        changed = now;
        renewal = renewal(subject);
        // In a file of tickets there may be none that is newer.
        renewal = renewal.isAfter(time) ? renewal : time.plus(PAUSE);
      } catch (javax.security.auth.login.LoginException e) {
        // A KDC that is away, or a file that is being written, is no matter yet.
        failed = time;
        if (subject == null || !isGood(subject)) {
          throw refused(e);
        }
      }
    }
    return subject;
  }

  private FileTime modified() {
    String path = kerberos.keytab() == null ? kerberos.ticketCache() : kerberos.keytab();
    try {
      return Files.getLastModifiedTime(Path.of(path));
    } catch (IOException e) {
      // The login says what is wrong with it, once it needs it.
      return changed == null ? FileTime.fromMillis(0) : changed;
    }
  }

  private LoginException refused(javax.security.auth.login.LoginException why) {
    return new LoginException(
        "%s.kerberos: %s cannot log in with %s: %s"
            .formatted(
                section,
                kerberos.principal(),
                kerberos.keytab() == null ? kerberos.ticketCache() : kerberos.keytab(),
                TlsFailures.last(why)));
  }

  private static Subject login(Kerberos kerberos) throws javax.security.auth.login.LoginException {
    Subject made = new Subject();
    new LoginContext("flinksec-spnego", made, null, configuration(kerberos)).login();
    return made;
  }

  /** The tickets that others are got by. */
  private static Stream<KerberosTicket> granting(Subject subject) {
    Set<KerberosTicket> tickets = subject.getPrivateCredentials(KerberosTicket.class);
    return tickets.stream().filter(ticket -> ticket.getServer().getName().startsWith("krbtgt/"));
  }

  private static boolean isGood(Subject subject) {
    return granting(subject).anyMatch(KerberosTicket::isCurrent);
  }

  private static Instant renewal(Subject subject) {
    return granting(subject)
        .map(
            ticket -> {
              long begins =
                  (ticket.getStartTime() == null ? ticket.getAuthTime() : ticket.getStartTime())
                      .getTime();
              return Instant.ofEpochMilli(
                  begins + (ticket.getEndTime().getTime() - begins) * 4 / 5);
            })
        .findFirst()
        .orElse(Instant.MIN);
  }

  private static Configuration configuration(Kerberos kerberos) {
    Map<String, String> options = new HashMap<>();
    options.put("principal", kerberos.principal());
    options.put("doNotPrompt", "true");
    options.put("isInitiator", "true");
    if (kerberos.keytab() == null) {
      options.put("useTicketCache", "true");
      options.put("ticketCache", kerberos.ticketCache());
    } else {
      options.put("useKeyTab", "true");
      options.put("keyTab", kerberos.keytab());
      options.put("useTicketCache", "false");
    }
    return new Configuration() {
      @Override
      public AppConfigurationEntry[] getAppConfigurationEntry(String name) {
        return new AppConfigurationEntry[] {
          new AppConfigurationEntry(
              MODULE, AppConfigurationEntry.LoginModuleControlFlag.REQUIRED, options)
        };
      }
    };
  }
}
