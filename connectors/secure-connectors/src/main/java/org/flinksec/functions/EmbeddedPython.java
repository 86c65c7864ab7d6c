// SPDX-License-Identifier: Apache-2.0
package org.flinksec.functions;

import org.apache.flink.api.common.functions.RuntimeContext;
import pemja.core.PythonInterpreter;
import pemja.core.PythonInterpreterConfig;

/**
 * A function in the Python of Flink's JVM, which all functions there share.
 *
 * <p>It has interpreters of its own, as Pemja's belong to the thread that has made them, and Python
 * knows its thread by a number that no other function has.
 */
final class EmbeddedPython implements Python {
  private static final String START =
      """
      from threading import get_ident as _flinksec_ident
      from flinksec_jobs.functions import inside_the_jvm as _flinksec_inside
      _flinksec_thread = _flinksec_ident()
      _flinksec_runner = _flinksec_inside.runner(bytes(_flinksec_payload))
      _flinksec_name = _flinksec_runner.name
      def _flinksec_call(frame):
          if len(frame) > 1:
              return _flinksec_runner.call(frame)
          if frame == b"c":
              return _flinksec_runner.close()
          return _flinksec_runner.open(
              lambda: _flinksec_inside.context(_flinksec_context, _flinksec_parameters),
              _flinksec_states)
      """
          + kept("_flinksec_call");
  private static final String START_ASKING =
      """
      from flinksec_jobs.functions import watch as _flinksec_watch
      def _flinksec_answer(question):
          return _flinksec_watch.answer(question)
      """
          + kept("_flinksec_answer");

  private static final byte[] TO_OPEN = {'o'};
  private static final byte[] TO_CLOSE = {'c'};

  private final byte[] payload;
  private PythonInterpreter python;
  private PythonInterpreter asking;
  private volatile long ident;

  /**
   * @param payload the function and all about it, pickled
   */
  EmbeddedPython(byte[] payload) {
    this.payload = payload;
  }

  /**
   * Statements that give Pemja a reference to a function which it calls by its name: it never takes
   * one, and gives one back when its interpreter ends, or calls another function. Else Python's
   * collector meets freed memory.
   */
  private static String kept(String called) {
    return "import ctypes as _c; _c.pythonapi.Py_IncRef(_c.py_object(%s))\n".formatted(called);
  }

  /** A further interpreter of those that share what Python has loaded, for the calling thread. */
  private static PythonInterpreter interpreter() {
    return new PythonInterpreter(
        PythonInterpreterConfig.newBuilder()
            .setExcType(PythonInterpreterConfig.ExecType.MULTI_THREAD)
            .build());
  }

  @Override
  public String load() {
    python = interpreter();
    python.set("_flinksec_payload", payload);
    python.exec(START);
    ident = python.get("_flinksec_thread", Long.class);
    return python.get("_flinksec_name", String.class);
  }

  @Override
  public byte[] open(RuntimeContext context, KeyedBlobs states) {
    python.set("_flinksec_context", context);
    python.set("_flinksec_parameters", context.getGlobalJobParameters());
    python.set("_flinksec_states", states);
    byte[] answer = call(TO_OPEN);
    if (states != null) {
      states.requireRegistered();
    }
    return answer;
  }

  // Always by the same name: when another function is called, Pemja gives back a reference to the
  // one before that it never took, and Python's collector meets freed memory.
  @Override
  public byte[] call(byte[] frame) {
    return (byte[]) python.invoke("_flinksec_call", (Object) frame);
  }

  @Override
  public byte[] close() {
    return call(TO_CLOSE);
  }

  @Override
  public void end() {
    if (python != null) {
      python.close();
    }
  }

  @Override
  public byte[] ask(char what) {
    if (asking == null) {
      asking = interpreter();
      asking.exec(START_ASKING);
    }
    return (byte[]) asking.invoke("_flinksec_answer", what + Long.toString(ident));
  }

  @Override
  public void endAsking() {
    if (asking != null) {
      asking.close();
    }
  }

  @Override
  public boolean canBeKilled() {
    return false;
  }

  @Override
  public void kill() {
    throw new UnsupportedOperationException("no thread can be killed");
  }

  @Override
  public void check() {
    // It is part of the JVM, whose memory Flink knows.
  }
}
