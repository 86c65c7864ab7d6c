// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sandbox.kafka;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Properties;
import org.apache.kerby.kerberos.kerb.KrbException;
import org.apache.kerby.kerberos.kerb.client.KrbClient;
import org.apache.kerby.kerberos.kerb.server.KdcConfig;
import org.apache.kerby.kerberos.kerb.server.KdcConfigKey;
import org.apache.kerby.kerberos.kerb.server.SimpleKdcServer;

/** A Kerberos realm by Apache Kerby: for development, without pre-authentication. */
final class Kdc {
  private static final String PRINCIPAL = "principal.";
  private static final String TICKETS = "tickets.";
  private static final String CLIENT_CONFIGURATION = "java.security.krb5.conf";

  private final SimpleKdcServer server;

  /**
   * Starts it.
   *
   * <p>What is below {@code principal.} gets a keytab, what is below {@code tickets.} a ticket.
   *
   * @param settings {@code kdc.realm}, {@code kdc.host} (an address), {@code kdc.port}, {@code
   *     kdc.directory}, {@code kdc.ticket.seconds} (may be missing), and {@code principal.NAME},
   *     the keytab to write
   */
  Kdc(Properties settings) throws Exception {
    Path directory = Path.of(settings.getProperty("kdc.directory"));
    Files.createDirectories(directory);
    server = new SimpleKdcServer();
    server.setWorkDir(directory.toFile());
    server.setKdcRealm(settings.getProperty("kdc.realm"));
    server.setKdcHost(settings.getProperty("kdc.host"));
    server.setAllowUdp(false);
    server.setKdcTcpPort(Integer.parseInt(settings.getProperty("kdc.port")));
    configure(server.getKdcConfig(), settings.getProperty("kdc.ticket.seconds"));
    String clientConfiguration = System.getProperty(CLIENT_CONFIGURATION);
    server.init();
    server.start();
    // Kerby sets it to a file of its own, in which every KDC is at localhost.
    System.setProperty(CLIENT_CONFIGURATION, clientConfiguration);
    for (String name : settings.stringPropertyNames()) {
      if (name.startsWith(PRINCIPAL)) {
        export(name.substring(PRINCIPAL.length()), Path.of(settings.getProperty(name)));
      }
    }
    for (String name : settings.stringPropertyNames()) {
      if (name.startsWith(TICKETS)) {
        String principal = name.substring(TICKETS.length());
        writeTicket(principal, Path.of(settings.getProperty(name)));
      }
    }
  }

  void stop() throws KrbException {
    server.stop();
  }

  private static void configure(KdcConfig config, String ticketSeconds) {
    // Before init(), or the keys are made with the defaults, des3 among them.
    config.setString(
        KdcConfigKey.ENCRYPTION_TYPES, "aes256-cts-hmac-sha1-96 aes128-cts-hmac-sha1-96");
    if (ticketSeconds != null) {
      long seconds = Long.parseLong(ticketSeconds);
      config.setLong(KdcConfigKey.MINIMUM_TICKET_LIFETIME, 1L);
      config.setLong(KdcConfigKey.MAXIMUM_TICKET_LIFETIME, seconds);
      config.setLong(KdcConfigKey.MAXIMUM_RENEWABLE_LIFETIME, seconds);
    }
  }

  /** As kinit does. */
  private void writeTicket(String principal, Path cache) throws Exception {
    String whole = principal + "@" + server.getKdcSetting().getKdcRealm();
    Files.deleteIfExists(cache);
    // The principal's own keytab may have keys of a KDC that ran here before, and they come first.
    Path keytab = cache.resolveSibling(cache.getFileName() + ".keytab");
    Files.deleteIfExists(keytab);
    KrbClient client = server.getKrbClient();
    try {
      server.exportPrincipal(whole, keytab.toFile());
      client.storeTicket(client.requestTgt(whole, keytab.toFile()), cache.toFile());
    } finally {
      Files.deleteIfExists(keytab);
    }
    Files.setPosixFilePermissions(cache, PosixFilePermissions.fromString("rw-------"));
  }

  private void export(String principal, Path keytab) throws Exception {
    server.createPrincipal(principal);
    // One by one: the calls for several export every key of the realm, krbtgt's too.
    server.exportPrincipal(principal + "@" + server.getKdcSetting().getKdcRealm(), keytab.toFile());
    Files.setPosixFilePermissions(keytab, PosixFilePermissions.fromString("rw-------"));
  }
}
