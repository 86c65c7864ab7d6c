// SPDX-License-Identifier: Apache-2.0
package org.flinksec.functions;

/** The process of a Python function has ended, or takes more memory than it may. */
public final class PythonProcessException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  PythonProcessException(String message, Throwable cause) {
    super(message, cause);
  }
}
