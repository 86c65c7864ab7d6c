// SPDX-License-Identifier: Apache-2.0
package org.flinksec.doctor;

import java.security.PrivilegedActionException;
import java.security.PrivilegedExceptionAction;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import javax.security.auth.Subject;
import javax.security.auth.kerberos.KerberosTicket;
import javax.security.auth.login.AppConfigurationEntry;
import javax.security.auth.login.AppConfigurationEntry.LoginModuleControlFlag;
import javax.security.auth.login.Configuration;
import javax.security.auth.login.LoginContext;
import javax.security.auth.login.LoginException;
import org.ietf.jgss.GSSContext;
import org.ietf.jgss.GSSException;
import org.ietf.jgss.GSSManager;
import org.ietf.jgss.GSSName;
import org.ietf.jgss.Oid;

/** A login by keytab, and the tickets that the KDC gives for it. It ends with this object. */
public final class KerberosLook {
  private static final String MODULE = "com.sun.security.auth.module.Krb5LoginModule";
  private static final String MECHANISM = "1.2.840.113554.1.2.2";
  private static final String PRINCIPAL_NAME = "1.2.840.113554.1.2.2.1";

  private final Subject subject;
  private final Map<String, String> facts;

  private KerberosLook(Subject subject, Map<String, String> facts) {
    this.subject = subject;
    this.facts = facts;
  }

  /**
   * Logs in as Kafka's clients do, after reading {@code java.security.krb5.conf} anew.
   *
   * @throws LookException if the KDC refuses, or cannot be found
   */
  public static KerberosLook login(String principal, String keytab) throws LookException {
    Map<String, String> options =
        Map.of(
            "useKeyTab", "true",
            "storeKey", "true",
            "useTicketCache", "false",
            "doNotPrompt", "true",
            "refreshKrb5Config", "true",
            "keyTab", keytab,
            "principal", principal);
    AppConfigurationEntry[] entry = {
      new AppConfigurationEntry(MODULE, LoginModuleControlFlag.REQUIRED, options)
    };
    Configuration configuration =
        new Configuration() {
          @Override
          public AppConfigurationEntry[] getAppConfigurationEntry(String name) {
            return entry;
          }
        };
    try {
      LoginContext context = new LoginContext("flinksec", new Subject(), null, configuration);
      long before = System.currentTimeMillis();
      context.login();
      long after = System.currentTimeMillis();
      Subject subject = context.getSubject();
      KerberosTicket ticket = tickets(subject).iterator().next();
      Map<String, String> facts = described(ticket);
      facts.put("asked_at_ms", Long.toString((before + after) / 2));
      return new KerberosLook(subject, facts);
    } catch (LoginException | RuntimeException e) {
      throw new LookException(e);
    }
  }

  /**
   * What is known of the ticket of the login: {@code server}, {@code encryption} (a number), {@code
   * version} (kvno, if the KDC tells it), {@code issued_at_ms} by the KDC's clock, whole seconds,
   * {@code ends_at_ms}, and {@code asked_at_ms} by this machine's.
   */
  public Map<String, String> facts() {
    return facts;
  }

  /**
   * Asks for a ticket as a client of the service does, with the host's name made canonical.
   *
   * @param service {@code kafka@host}
   * @return its facts, without {@code asked_at_ms}
   * @throws LookException if the KDC gives none
   */
  public Map<String, String> ticketForService(String service) throws LookException {
    return ticket(service, true);
  }

  /**
   * The same for a principal by its whole name.
   *
   * @throws LookException if the KDC gives none
   */
  public Map<String, String> ticketForPrincipal(String principal) throws LookException {
    return ticket(principal, false);
  }

  private Map<String, String> ticket(String name, boolean hostBased) throws LookException {
    Set<KerberosTicket> before = tickets(subject);
    try {
      Subject.doAs(
          subject,
          (PrivilegedExceptionAction<Void>)
              () -> {
                begin(name, hostBased);
                return null;
              });
    } catch (PrivilegedActionException e) {
      throw new LookException(e.getException());
    } catch (RuntimeException e) {
      throw new LookException(e);
    }
    Set<KerberosTicket> after = tickets(subject);
    after.removeAll(before);
    return after.isEmpty() ? Map.of() : described(after.iterator().next());
  }

  private static void begin(String name, boolean hostBased) throws GSSException {
    GSSManager manager = GSSManager.getInstance();
    Oid mechanism = new Oid(MECHANISM);
    Oid kind = hostBased ? GSSName.NT_HOSTBASED_SERVICE : new Oid(PRINCIPAL_NAME);
    GSSName server = manager.createName(name, kind, mechanism);
    GSSContext context =
        manager.createContext(server, mechanism, null, GSSContext.DEFAULT_LIFETIME);
    try {
      context.initSecContext(new byte[0], 0, 0);
    } finally {
      context.dispose();
    }
  }

  private static Set<KerberosTicket> tickets(Subject subject) {
    return new HashSet<>(subject.getPrivateCredentials(KerberosTicket.class));
  }

  private static Map<String, String> described(KerberosTicket ticket) {
    TicketParts parts = TicketParts.of(ticket.getEncoded());
    Map<String, String> facts = new LinkedHashMap<>();
    facts.put("server", ticket.getServer().getName());
    facts.put("encryption", Integer.toString(parts.encryption()));
    parts.version().ifPresent(version -> facts.put("version", Integer.toString(version)));
    facts.put("issued_at_ms", Long.toString(ticket.getAuthTime().getTime()));
    facts.put("ends_at_ms", Long.toString(ticket.getEndTime().getTime()));
    return facts;
  }
}
