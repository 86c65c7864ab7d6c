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
  private String last;

  Credential(String setting, String path) {
    this.setting = setting;
    this.path = path;
  }

  /**
   * @throws LoginException if it cannot be read, and never could
   */
  synchronized String read() throws LoginException {
    try {
      last = SecretText.read(setting, path);
    } catch (UnusableSecretException e) {
      if (last == null) {
        throw new LoginException(e.getMessage());
      }
      warnings.warn(e.getMessage() + "; what was read before stays in use");
    }
    return last;
  }
}
