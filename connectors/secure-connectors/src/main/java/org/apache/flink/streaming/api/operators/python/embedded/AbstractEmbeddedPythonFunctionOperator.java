// SPDX-License-Identifier: Apache-2.0
package org.apache.flink.streaming.api.operators.python.embedded;

import org.apache.flink.configuration.Configuration;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import pemja.core.PythonInterpreter;

/**
 * The shape of a class of PyFlink's jar, to compile against; it is left out of our jar, and the
 * real one is there at run time.
 */
public abstract class AbstractEmbeddedPythonFunctionOperator<OUT>
    extends AbstractStreamOperator<OUT> {
  private static final long serialVersionUID = 1L;

  /** Of the operator, opened and closed by the real class in the task's thread. */
  protected transient PythonInterpreter interpreter;

  /** How many elements wait. */
  protected transient int elementCount;

  /** What is to be done when none waits any more. */
  protected transient Runnable bundleFinishedCallback;

  /** Of the program, with what the job's configuration adds before it runs. */
  protected final Configuration config;

  protected AbstractEmbeddedPythonFunctionOperator(Configuration config) {
    this.config = config;
  }

  /** Called when the interpreter is there. */
  public abstract void openPythonInterpreter();

  /** Hands over what waits. */
  protected abstract void invokeFinishBundle() throws Exception;
}
