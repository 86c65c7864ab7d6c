// SPDX-License-Identifier: Apache-2.0
package org.flinksec.functions;

/**
 * A Python function has raised.
 *
 * <p>Its message is the exception's class and text, and which record it was; its stack trace the
 * Python one, innermost first, as PyFlink's thread mode has them.
 */
public final class PythonFunctionException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  PythonFunctionException(String message, String where, StackTraceElement[] frames) {
    super(where.isEmpty() ? message : message + "\n  " + where);
    setStackTrace(frames);
  }

  /**
   * What Python tells: class and text, and files, lines and names of functions.
   *
   * @param where which record the function got; empty if it got none
   */
  static PythonFunctionException read(Unpacker answer, String where) {
    String message = answer.text();
    return new PythonFunctionException(message, where, frames(answer));
  }

  /**
   * Tells of a function that took longer than it may; the stack trace is where it was.
   *
   * @param function its name
   * @param where which record the function got; empty if it got none
   */
  static PythonFunctionException hung(
      String function, long seconds, String where, StackTraceElement[] frames) {
    String message =
        "%s has not returned for %d s (python.function_timeout)".formatted(function, seconds);
    return new PythonFunctionException(message, where, frames);
  }

  /** Reads files, lines and names of functions. */
  static StackTraceElement[] frames(Unpacker answer) {
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
    return frames;
  }
}
