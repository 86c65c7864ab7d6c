// SPDX-License-Identifier: Apache-2.0
package org.apache.flink.streaming.api.operators.python.embedded;

import org.apache.flink.configuration.Configuration;
import org.apache.flink.python.env.PythonEnvironmentManager;
import org.apache.flink.streaming.api.operators.python.AbstractPythonFunctionOperator;

/**
 * The shape of a class of PyFlink's jar, to compile against; it is left out of our jar, and the
 * real one is there at run time.
 */
public abstract class AbstractEmbeddedPythonFunctionOperator<OUT>
    extends AbstractPythonFunctionOperator<OUT> {
  private static final long serialVersionUID = 1L;

  protected AbstractEmbeddedPythonFunctionOperator(Configuration config) {
    super(config);
  }

  /** Called when an interpreter is there, in the task's thread. */
  public abstract void openPythonInterpreter();

  @Override
  protected PythonEnvironmentManager createPythonEnvironmentManager() {
    throw new UnsupportedOperationException();
  }
}
