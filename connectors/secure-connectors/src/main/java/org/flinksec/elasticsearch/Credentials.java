// SPDX-License-Identifier: Apache-2.0
package org.flinksec.elasticsearch;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Base64;

/**
 * Reads credentials where they are used. What it returns must not be kept in anything serialised.
 */
final class Credentials {
  private Credentials() {}

  /**
   * The value of the {@code Authorization} header.
   *
   * @return null if no credentials are set
   * @throws ElasticsearchSinkException if a file is missing, unreadable or empty
   */
  static String authorization(ConnectionSettings settings) throws ElasticsearchSinkException {
    if (settings.apiKeyFile() != null) {
      String key = read("elasticsearch.api_key", settings.apiKeyFile());
      return "ApiKey " + (key.contains(":") ? base64(key) : key);
    }
    if (settings.username() != null) {
      String password = read("elasticsearch.password", settings.passwordFile());
      return "Basic " + base64(settings.username() + ":" + password);
    }
    return null;
  }

  /** How the settings name the credentials, for a message. */
  static String describe(ConnectionSettings settings) {
    if (settings.apiKeyFile() != null) {
      return "elasticsearch.api_key (%s)".formatted(settings.apiKeyFile());
    }
    if (settings.username() != null) {
      return "elasticsearch.username '%s' with elasticsearch.password (%s)"
          .formatted(settings.username(), settings.passwordFile());
    }
    return "no credentials; set elasticsearch.username and elasticsearch.password, or"
        + " elasticsearch.api_key";
  }

  private static String read(String setting, String path) throws ElasticsearchSinkException {
    String secret;
    try {
      secret = Files.readString(Path.of(path)).stripTrailing();
    } catch (NoSuchFileException e) {
      throw new ElasticsearchSinkException(setting + ": there is no file " + path);
    } catch (IOException e) {
      // The cause is left out: a decoding error could carry bytes of the file.
      throw new ElasticsearchSinkException(setting + ": cannot read " + path);
    }
    if (secret.isEmpty()) {
      throw new ElasticsearchSinkException(setting + ": the file " + path + " is empty");
    }
    return secret;
  }

  private static String base64(String text) {
    return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
  }
}
