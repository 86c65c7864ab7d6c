// SPDX-License-Identifier: Apache-2.0
package org.flinksec.badrecords;

import java.io.IOException;

/** A bad record stops the job; the message says which one and why, not what it holds. */
public final class BadRecordException extends IOException {
  private static final long serialVersionUID = 1L;

  BadRecordException(String message) {
    super(message);
  }
}
