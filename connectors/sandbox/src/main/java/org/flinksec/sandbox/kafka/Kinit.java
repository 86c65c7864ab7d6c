// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sandbox.kafka;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import org.apache.kerby.KOptions;
import org.apache.kerby.kerberos.kerb.client.KrbClient;
import org.apache.kerby.kerberos.kerb.client.KrbKdcOption;
import org.apache.kerby.kerberos.kerb.client.KrbOption;
import org.flinksec.sandbox.Answers;

/**
 * Gets a ticket as {@code kinit -k} does: {@code REALM HOST PORT PRINCIPAL KEYTAB CACHE SECONDS
 * RENEWABLE}, the latter in seconds, 0 for a ticket that cannot be renewed.
 */
public final class Kinit {
  private Kinit() {}

  /** Runs it. */
  public static void main(String[] arguments) {
    Answers.exitAfter(
        () -> {
          KrbClient client = new KrbClient();
          client.setKdcRealm(arguments[0]);
          client.setKdcHost(arguments[1]);
          client.setKdcTcpPort(Integer.parseInt(arguments[2]));
          client.setAllowUdp(false);
          client.init();
          KOptions asked = new KOptions();
          asked.add(KrbOption.CLIENT_PRINCIPAL, arguments[3] + "@" + arguments[0]);
          asked.add(KrbOption.USE_KEYTAB, true);
          asked.add(KrbOption.KEYTAB_FILE, new File(arguments[4]));
          asked.add(KrbOption.LIFE_TIME, Integer.parseInt(arguments[6]));
          int renewable = Integer.parseInt(arguments[7]);
          if (renewable > 0) {
            asked.add(KrbOption.RENEWABLE_TIME, renewable);
          } else {
            asked.add(KrbKdcOption.RENEWABLE_OK, false);
          }
          write(client, asked, Path.of(arguments[5]));
          return null;
        });
  }

  /** Puts a ticket into a file that is whole whenever it is there. */
  static void write(KrbClient client, KOptions asked, Path cache) throws Exception {
    Path made = cache.resolveSibling(cache.getFileName() + ".new");
    Files.deleteIfExists(made);
    client.storeTicket(client.requestTgt(asked), made.toFile());
    Files.setPosixFilePermissions(made, PosixFilePermissions.fromString("rw-------"));
    Files.move(made, cache, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
  }
}
