// SPDX-License-Identifier: Apache-2.0
package org.flinksec.schemaregistry;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Base64;

/** Reads credentials where they are used; what it returns is kept nowhere. */
final class RegistryCredentials {
  private static final int LONGEST = 64 * 1024;

  private RegistryCredentials() {}

  /**
   * The value of the {@code Authorization} header.
   *
   * @return null if no credentials are set
   * @throws SchemaRegistryException if a file is missing, unreadable or holds no credential
   */
  static String authorization(RegistrySettings settings) {
    if (settings.tokenFile() != null) {
      return "Bearer " + read("schema_registry.token", settings.tokenFile());
    }
    if (settings.username() != null) {
      String both =
          settings.username() + ":" + read("schema_registry.password", settings.passwordFile());
      return "Basic " + Base64.getEncoder().encodeToString(both.getBytes(StandardCharsets.UTF_8));
    }
    return null;
  }

  /** How the settings name the credentials, for a message. */
  static String describe(RegistrySettings settings) {
    if (settings.tokenFile() != null) {
      return "schema_registry.token (%s)".formatted(settings.tokenFile());
    }
    if (settings.username() != null) {
      return "schema_registry.username '%s' with schema_registry.password (%s)"
          .formatted(settings.username(), settings.passwordFile());
    }
    return settings.tls().clientCert() == null
        ? "no credentials; set schema_registry.username and schema_registry.password, or"
            + " schema_registry.token"
        : "schema_registry.client_cert (%s)".formatted(settings.tls().clientCert());
  }

  private static String read(String setting, String path) {
    String secret;
    try {
      if (Files.size(Path.of(path)) > LONGEST) {
        throw new SchemaRegistryException(setting + ": the file " + path + " is too long for one");
      }
      secret = Files.readString(Path.of(path)).stripTrailing();
    } catch (NoSuchFileException e) {
      throw new SchemaRegistryException(setting + ": there is no file " + path);
    } catch (IOException e) {
      // The cause is left out: a decoding error could carry bytes of the file.
      throw new SchemaRegistryException(setting + ": cannot read " + path);
    }
    if (secret.isEmpty()) {
      throw new SchemaRegistryException(setting + ": the file " + path + " is empty");
    }
    if (!secret.codePoints().allMatch(point -> point >= ' ' && point != 0x7F)) {
      throw new SchemaRegistryException(setting + ": the file " + path + " has more than one line");
    }
    return secret;
  }
}
