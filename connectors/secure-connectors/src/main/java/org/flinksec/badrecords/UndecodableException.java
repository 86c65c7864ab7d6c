// SPDX-License-Identifier: Apache-2.0
package org.flinksec.badrecords;

import java.io.IOException;
import org.flinksec.logging.Tame;

/**
 * A record is not what the job reads.
 *
 * <p>The message names the field and the kind of value found. It never quotes the record, which may
 * hold what must not reach a log.
 */
public class UndecodableException extends IOException {
  private static final long serialVersionUID = 1L;

  public UndecodableException(String message) {
    super(Tame.text(message));
  }
}
