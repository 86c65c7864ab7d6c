// SPDX-License-Identifier: Apache-2.0
package pemja.core;

/** The shape of a class of PyFlink's jar, as that of {@link PythonInterpreter}. */
public final class PythonInterpreterConfig {
  private PythonInterpreterConfig() {}

  /** A configuration that says nothing. */
  public static native PythonInterpreterConfigBuilder newBuilder();

  /** Whose state interpreters have. */
  public enum ExecType {
    SUB_INTERPRETER,
    MULTI_THREAD
  }

  /** Says more and more. */
  public static final class PythonInterpreterConfigBuilder {
    private PythonInterpreterConfigBuilder() {}

    /** All interpreters share what Python has loaded, or each has its own. */
    public native PythonInterpreterConfigBuilder setExcType(ExecType type);

    /** What has been said. */
    public native PythonInterpreterConfig build();
  }
}
