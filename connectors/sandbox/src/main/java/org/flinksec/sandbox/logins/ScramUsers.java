// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sandbox.logins;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ScramCredentialInfo;
import org.apache.kafka.clients.admin.ScramMechanism;
import org.apache.kafka.clients.admin.UserScramCredentialAlteration;
import org.apache.kafka.clients.admin.UserScramCredentialUpsertion;

/** Tells a broker the passwords of its users, for SCRAM-SHA-256 and SCRAM-SHA-512. */
public final class ScramUsers {
  private static final long PATIENCE_SECONDS = 60;

  /** The least that Kafka takes; more would only cost time. */
  private static final int ITERATIONS = 4096;

  private ScramUsers() {}

  /**
   * Sets the passwords of all users.
   *
   * @param client properties of a client that may do so
   * @param directory where the passwords are: see {@link Passwords}
   */
  public static void set(Properties client, Path directory)
      throws IOException, InterruptedException, ExecutionException, TimeoutException {
    Map<String, String> passwords = new Passwords(directory).all();
    try (Admin admin = Admin.create(client)) {
      // One by one: a user may stand in a request once.
      for (ScramMechanism mechanism :
          List.of(ScramMechanism.SCRAM_SHA_256, ScramMechanism.SCRAM_SHA_512)) {
        List<UserScramCredentialAlteration> changes = new ArrayList<>();
        ScramCredentialInfo how = new ScramCredentialInfo(mechanism, ITERATIONS);
        passwords.forEach(
            (user, password) -> changes.add(new UserScramCredentialUpsertion(user, how, password)));
        admin.alterUserScramCredentials(changes).all().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
      }
    }
  }
}
