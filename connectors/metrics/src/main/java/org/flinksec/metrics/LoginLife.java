// SPDX-License-Identifier: Apache-2.0
package org.flinksec.metrics;

import java.nio.file.Files;
import java.time.Clock;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import javax.security.auth.Subject;
import javax.security.auth.kerberos.KerberosKey;
import javax.security.auth.kerberos.KerberosPrincipal;
import javax.security.auth.kerberos.KerberosTicket;
import javax.security.auth.kerberos.KeyTab;
import javax.security.auth.login.AppConfigurationEntry;
import javax.security.auth.login.AppConfigurationEntry.LoginModuleControlFlag;
import javax.security.auth.login.Configuration;
import javax.security.auth.login.LoginContext;
import javax.security.auth.login.LoginException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How long a login to Kerberos lasts: by one of its own with the same file, since the clients of a
 * job show theirs to nobody.
 *
 * <p>It is renewed when a fifth of its life is left, as Kafka's clients do, so a KDC that is away
 * or takes the keys no more is seen hours before the job's own tickets end.
 */
final class LoginLife {
  private static final Logger LOG = LoggerFactory.getLogger(LoginLife.class);
  private static final String MODULE = "com.sun.security.auth.module.Krb5LoginModule";
  private static final long RETRY_SECONDS = 30;

  private final Watched.Login watched;
  private final Clock clock;
  private final AtomicLong failures = new AtomicLong();
  private volatile Instant ends;
  private Instant again = Instant.MIN;
  private boolean failing;
  private volatile int keyVersion;

  LoginLife(Watched.Login watched, Clock clock) {
    this.watched = watched;
    this.clock = clock;
  }

  /** Looks at the file, and logs in if it is time. */
  void look() {
    if (watched.keytab()) {
      keyVersion = readKeyVersion();
    }
    if (clock.instant().isBefore(again)) {
      return;
    }
    try {
      Instant now = clock.instant();
      ends = logIn();
      failing = false;
      long left = Math.max(0, ends.getEpochSecond() - now.getEpochSecond());
      again = now.plusSeconds(Math.max(RETRY_SECONDS, watched.keytab() ? left * 4 / 5 : 0));
    } catch (LoginException | RuntimeException e) {
      failures.incrementAndGet();
      again = clock.instant().plusSeconds(RETRY_SECONDS);
      if (!failing) {
        LOG.warn("{}: {} cannot log in: {}", watched.section(), watched.principal(), e.toString());
      }
      failing = true;
    }
  }

  /** 1 if the file can be read. */
  int isPresent() {
    return Files.isReadable(watched.file()) ? 1 : 0;
  }

  /** The highest version of the principal's keys in the keytab; 0 if it has none. */
  int keyVersion() {
    return keyVersion;
  }

  /** Of the last login that worked; negative when it has ended, 0 if none ever worked. */
  long ticketSecondsLeft() {
    Instant end = ends;
    return end == null ? 0 : end.getEpochSecond() - clock.instant().getEpochSecond();
  }

  /** How often a login failed. */
  long failures() {
    return failures.get();
  }

  private int readKeyVersion() {
    KerberosPrincipal principal = new KerberosPrincipal(watched.principal());
    int highest = 0;
    for (KerberosKey key :
        KeyTab.getInstance(principal, watched.file().toFile()).getKeys(principal)) {
      highest = Math.max(highest, key.getVersionNumber());
    }
    return highest;
  }

  private Instant logIn() throws LoginException {
    Subject subject = new Subject();
    LoginContext context = new LoginContext("flinksec", subject, null, new OneEntry(options()));
    context.login();
    try {
      return subject.getPrivateCredentials(KerberosTicket.class).stream()
          .filter(ticket -> ticket.getServer().getName().startsWith("krbtgt/"))
          .map(ticket -> ticket.getEndTime().toInstant())
          .findFirst()
          .orElseThrow(() -> new LoginException("the KDC gave no ticket"));
    } finally {
      context.logout();
    }
  }

  private Map<String, String> options() {
    Map<String, String> options = new HashMap<>();
    options.put("principal", watched.principal());
    options.put("doNotPrompt", "true");
    if (watched.keytab()) {
      options.put("useKeyTab", "true");
      options.put("keyTab", watched.file().toString());
      options.put("useTicketCache", "false");
    } else {
      options.put("useTicketCache", "true");
      options.put("ticketCache", watched.file().toString());
    }
    return options;
  }

  private static final class OneEntry extends Configuration {
    private final AppConfigurationEntry entry;

    OneEntry(Map<String, String> options) {
      entry = new AppConfigurationEntry(MODULE, LoginModuleControlFlag.REQUIRED, options);
    }

    @Override
    public AppConfigurationEntry[] getAppConfigurationEntry(String name) {
      return new AppConfigurationEntry[] {entry};
    }
  }
}
