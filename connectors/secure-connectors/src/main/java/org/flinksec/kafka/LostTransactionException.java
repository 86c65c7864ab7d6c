// SPDX-License-Identifier: Apache-2.0
package org.flinksec.kafka;

import java.io.IOException;
import org.apache.flink.runtime.throwable.ThrowableAnnotation;
import org.apache.flink.runtime.throwable.ThrowableType;

/**
 * Records of a checkpoint are not there and will never be. A restart would end the same way, so
 * Flink does not try one.
 */
@ThrowableAnnotation(ThrowableType.NonRecoverableError)
public final class LostTransactionException extends IOException {
  private static final long serialVersionUID = 1L;

  LostTransactionException(String message) {
    super(message);
  }
}
