// SPDX-License-Identifier: Apache-2.0
package org.flinksec.logins;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import javax.security.auth.Subject;
import javax.security.auth.kerberos.KerberosTicket;
import javax.security.auth.login.Configuration;
import javax.security.auth.login.LoginContext;
import javax.security.auth.login.LoginException;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.config.SaslConfigs;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.security.auth.AuthenticateCallbackHandler;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.security.auth.Login;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Kafka's {@code sasl.login.class} for tickets in a file: what {@code kinit} writes there is used
 * by the next connection.
 *
 * <p>Kafka's own runs {@code kinit -R} before the ticket ends, on the user's default cache whatever
 * file it was told; where that cannot be, it never looks at the file again. This one looks at the
 * file itself, and has the JVM renew a ticket that can be renewed.
 *
 * <p>Options of {@code sasl.jaas.config}, besides those of the JDK's Krb5LoginModule: {@code
 * section}, that of the settings, for messages.
 */
public final class TicketCacheLogin implements Login {
  private static final Logger LOG = LoggerFactory.getLogger(TicketCacheLogin.class);
  private static final long LOOK_MILLIS = 2000;
  private static final long RENEW_MILLIS = 60_000;

  private final Subject subject = new Subject();
  private String contextName;
  private Configuration configuration;
  private String serviceName;
  private Path file;
  private String setting;
  private String principal;
  private LoginContext context;
  private Object seen;
  private boolean isOver;
  private Instant tried = Instant.MIN;
  private volatile Thread watcher;

  @Override
  public void configure(
      Map<String, ?> configs,
      String contextName,
      Configuration configuration,
      AuthenticateCallbackHandler handler) {
    Options options =
        Options.of(Arrays.asList(configuration.getAppConfigurationEntry(contextName)));
    this.contextName = contextName;
    this.configuration = configuration;
    serviceName = (String) configs.get(SaslConfigs.SASL_KERBEROS_SERVICE_NAME);
    file = Path.of(options.required("ticketCache"));
    setting = options.setting("ticket_cache");
    principal = options.required("principal");
  }

  @Override
  public synchronized LoginContext login() throws LoginException {
    seen = state();
    context = logIn();
    watcher = new Thread(this::watch, "flinksec-tickets-of-" + principal);
    watcher.setDaemon(true);
    watcher.start();
    return context;
  }

  @Override
  public Subject subject() {
    return subject;
  }

  @Override
  public String serviceName() {
    return serviceName;
  }

  @Override
  public void close() {
    Thread watching = watcher; // without the lock: it may be asking a KDC
    if (watching != null) {
      watching.interrupt();
    }
  }

  private void watch() {
    try {
      while (true) {
        Thread.sleep(LOOK_MILLIS);
        look();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Takes a ticket that is new in the file, or can be renewed; tells once if there is none. */
  synchronized void look() {
    Object now = state();
    boolean isNew = !now.equals(seen);
    boolean isDue = !isNew && isOld() && Instant.now().isAfter(tried.plusMillis(RENEW_MILLIS));
    if (isDue) {
      tried = Instant.now();
    }
    if (isNew || isDue) {
      try {
        context = logIn();
        seen = now;
        isOver = false;
        if (isNew) {
          LOG.info("{}: new tickets are in use", setting);
        }
      } catch (LoginException e) {
        // It may be half written. What is in use stays so.
        LOG.debug("{}", e.getMessage());
      }
    }
    if (!isOver && good().findAny().isEmpty()) {
      isOver = true;
      LOG.warn("{}; without it no new connection to Kafka can be made", over());
    }
  }

  private LoginContext logIn() throws LoginException {
    Subject next = new Subject();
    LoginContext made = new LoginContext(contextName, next, null, configuration);
    try {
      made.login();
    } catch (LoginException e) {
      // Without the cause: the JDK says that there is no password, which nobody has asked for.
      throw new LoginException(over());
    }
    replace(subject.getPrivateCredentials(), next.getPrivateCredentials());
    subject.getPrincipals().addAll(next.getPrincipals());
    return made;
  }

  /** The new tickets come before the old ones go: somebody may be logging in meanwhile. */
  private static void replace(Set<Object> held, Set<Object> next) {
    Set<Object> before = new HashSet<>();
    synchronized (held) {
      for (Object one : held) {
        if (one instanceof KerberosTicket) {
          before.add(one);
        }
      }
    }
    held.addAll(next);
    before.removeAll(next);
    held.removeAll(before);
  }

  private String over() {
    return "%s: the file %s holds no ticket of %s that is still good: kinit -c FILE:%s %s"
        .formatted(setting, file, principal, file, principal);
  }

  /** The tickets that others are got by, and that are still good. */
  private Stream<KerberosTicket> good() {
    return subject.getPrivateCredentials(KerberosTicket.class).stream()
        .filter(
            one ->
                !one.isDestroyed()
                    && one.isCurrent()
                    && one.getServer().getName().startsWith("krbtgt/"));
  }

  /** Whether more than four fifths of the life of a ticket that can be renewed are over. */
  private boolean isOld() {
    return good()
        .anyMatch(
            one -> {
              Instant from = one.getAuthTime().toInstant();
              long life = one.getEndTime().getTime() - from.toEpochMilli();
              return one.isRenewable() && Instant.now().isAfter(from.plusMillis(life * 4 / 5));
            });
  }

  /** Is another when the file has been written anew. */
  private Object state() {
    try {
      BasicFileAttributes found = Files.readAttributes(file, BasicFileAttributes.class);
      return found.lastModifiedTime() + " " + found.size() + " " + found.fileKey();
    } catch (IOException e) {
      return "none";
    }
  }
}
