// SPDX-License-Identifier: Apache-2.0
package org.flinksec.tls;

import java.util.Arrays;
import javax.net.ssl.SSLContext;
import org.flinksec.logging.LimitedWarnings;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A TLS context that looks at its files before each connection, so that a CA or a client
 * certificate that is replaced is used without a restart.
 *
 * <p>New files that cannot be used, because they are half written, do not fit or have expired, are
 * not taken: the ones before stay in use, with a warning.
 */
public final class ReloadingContext {
  private static final Logger LOG = LoggerFactory.getLogger(ReloadingContext.class);

  private final LimitedWarnings warnings = new LimitedWarnings(LOG);
  private final String section;
  private final TlsSettings settings;
  private SSLContext current;
  private byte[] digest;

  /**
   * Reads the files for the first time.
   *
   * @param section of the settings, for messages
   * @throws TlsException if one cannot be used; the message begins with the setting's name
   */
  public ReloadingContext(String section, TlsSettings settings) throws TlsException {
    this.section = section;
    this.settings = settings;
    this.digest = settings.files().digest();
    this.current = TlsContexts.create(settings);
  }

  /** The context of the newest files that can be used. */
  public synchronized SSLContext newest() {
    try {
      byte[] now = settings.files().digest();
      if (!Arrays.equals(now, digest)) {
        current = TlsContexts.create(settings);
        digest = now;
        LOG.info("New files of TLS are in use: those of [{}]", section);
      }
    } catch (TlsException e) {
      warnings.warn(section + "." + e.getMessage() + "; what was read before stays in use");
    }
    return current;
  }
}
