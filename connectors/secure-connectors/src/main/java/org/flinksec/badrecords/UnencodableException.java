// SPDX-License-Identifier: Apache-2.0
package org.flinksec.badrecords;

import java.io.IOException;
import org.flinksec.logging.Tame;

/**
 * A record holds a value that the format in which it is to be written cannot express.
 *
 * <p>The message names the field and what is wrong, and never quotes the value.
 */
public class UnencodableException extends IOException {
  private static final long serialVersionUID = 1L;

  public UnencodableException(String message) {
    super(Tame.text(message));
  }
}
