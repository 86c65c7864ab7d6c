// SPDX-License-Identifier: Apache-2.0
package org.flinksec.functions;

/**
 * A Python function has raised.
 *
 * <p>Its message is the exception's class and text, and its stack trace the Python one, innermost
 * first, as PyFlink's thread mode has them.
 */
public final class PythonFunctionException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String where;

  PythonFunctionException(String message, String where, StackTraceElement[] frames) {
    super(where.isEmpty() ? message : message + "\n  " + where);
    this.where = where;
    setStackTrace(frames);
  }

  /** Which record it was that the function got; empty if it got none. */
  public String where() {
    return where;
  }

  /** What Python tells: class and text, where, and files, lines and names of functions. */
  static PythonFunctionException read(Unpacker answer, String where) {
    String message = answer.text();
    StackTraceElement[] frames = new StackTraceElement[answer.arrayHeader()];
    for (int i = 0; i < frames.length; i++) {
      answer.arrayHeader();
      String file = answer.text();
      int line = answer.small();
      String function = answer.text();
      int name = file.lastIndexOf('/') + 1;
      int suffix = file.lastIndexOf('.');
      frames[i] =
          new StackTraceElement(
              suffix > name ? file.substring(0, suffix) : file,
              function,
              file.substring(name),
              line);
    }
    return new PythonFunctionException(message, where, frames);
  }
}
