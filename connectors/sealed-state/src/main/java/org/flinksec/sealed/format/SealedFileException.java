// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed.format;

import java.io.IOException;

/** A sealed file cannot be used; {@link #reason()} is one of the failures that the format names. */
public final class SealedFileException extends IOException {
  /** What is wrong with the file (docs/state-format.md, section 4). */
  public enum Reason {
    PLAINTEXT,
    UNSUPPORTED,
    TRUNCATED,
    KEY_MISSING,
    TAMPERED,
    FOREIGN
  }

  private final Reason reason;

  public SealedFileException(Reason reason, String message) {
    this(reason, message, null);
  }

  public SealedFileException(Reason reason, String message, Throwable cause) {
    super(message, cause);
    this.reason = reason;
  }

  public Reason reason() {
    return reason;
  }

  /** The same failure with the file's name in front, for layers that know the name. */
  public SealedFileException in(Object file) {
    return new SealedFileException(reason, file + ": " + getMessage(), this);
  }
}
