// SPDX-License-Identifier: Apache-2.0
package pemja.core;

/**
 * The shape of a class of PyFlink's jar, to compile against; it is left out of our jar, and the
 * real one is there at run time.
 */
public abstract class PythonInterpreter {
  private PythonInterpreter() {}

  /** Gives a global of the interpreter a value. */
  public abstract void set(String name, Object value);

  /** Calls a global function. */
  public abstract Object invoke(String name, Object... arguments);

  /** Runs statements. */
  public abstract void exec(String code);
}
