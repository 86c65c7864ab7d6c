// SPDX-License-Identifier: Apache-2.0
package org.flinksec.https;

import org.flinksec.logging.LimitedWarnings;
import org.flinksec.secrets.SecretText;
import org.flinksec.secrets.UnusableSecretException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A secret in a file, read anew each time it is used.
 *
 * <p>While the file is being replaced it may be missing or empty: what it held before stays in use,
 * with a warning.
 */
final class Credential {
  private static final Logger LOG = LoggerFactory.getLogger(Credential.class);

  private final LimitedWarnings warnings = new LimitedWarnings(LOG);
  private final String setting;
  private final String path;
  private final boolean token;
  private String last;

  /**
   * @param token whether it goes into a header as it is, and so is one word of ASCII
   */
  Credential(String setting, String path, boolean token) {
    this.setting = setting;
    this.path = path;
    this.token = token;
  }

  /**
   * @throws LoginException if it cannot be read, and never could
   */
  synchronized String read() throws LoginException {
    String problem;
    try {
      String found = SecretText.read(setting, path);
      if (!token || found.chars().allMatch(c -> c > ' ' && c < 0x7F)) {
        last = found;
        return last;
      }
      problem = "%s: the file %s holds something else than one word".formatted(setting, path);
    } catch (UnusableSecretException e) {
      problem = e.getMessage();
    }
    if (last == null) {
      throw new LoginException(problem);
    }
    warnings.warn(problem + "; what was read before stays in use");
    return last;
  }
}
