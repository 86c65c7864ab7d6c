// SPDX-License-Identifier: Apache-2.0
package pemja.core;

/**
 * The shape of a class of PyFlink's jar, to compile against; it is left out of our jar, and the
 * real one is there at run time.
 */
public final class PythonInterpreter {
  /** Makes an interpreter of the calling thread. */
  public PythonInterpreter(PythonInterpreterConfig config) {}

  /** Gives a global of the interpreter a value. */
  public native void set(String name, Object value);

  /** The value of a global. */
  public native <T> T get(String name, Class<T> type);

  /** Calls a global function. */
  public native Object invoke(String name, Object... arguments);

  /** Runs statements. */
  public native void exec(String code);

  /** Ends it, in its thread. */
  public native void close();
}
