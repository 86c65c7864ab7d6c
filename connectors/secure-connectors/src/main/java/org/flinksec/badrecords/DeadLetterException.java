// SPDX-License-Identifier: Apache-2.0
package org.flinksec.badrecords;

import java.io.IOException;
import org.apache.flink.runtime.throwable.ThrowableAnnotation;
import org.apache.flink.runtime.throwable.ThrowableType;

/**
 * A dead letter cannot be kept: there are too many of them, or it is too large. To start the job
 * again would not help.
 */
@ThrowableAnnotation(ThrowableType.NonRecoverableError)
public final class DeadLetterException extends IOException {
  private static final long serialVersionUID = 1L;

  public DeadLetterException(String message) {
    super(message);
  }
}
