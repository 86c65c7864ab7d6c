// SPDX-License-Identifier: Apache-2.0
package org.flinksec.functions;

import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.apache.flink.runtime.execution.CancelTaskException;
import org.apache.flink.util.ExceptionUtils;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import pemja.core.PythonInterpreter;
import pemja.core.PythonInterpreterConfig;

/**
 * The thread in which the Python function of one operator runs, while the task waits for it.
 *
 * <p>It has a Python interpreter of its own, as Pemja's belong to the thread that has made them,
 * and Python knows it by a number that no other function has. By that a function which does not
 * return can be looked at and interrupted; one that cannot be interrupted is left behind.
 */
final class FunctionThread {
  private static final Logger LOG = LoggerFactory.getLogger(FunctionThread.class);
  private static final long SECOND = 1_000_000_000L;
  private static final int GENTLE_SECONDS = 2;
  private static final int GRACE_SECONDS = 5;

  /** What is done in the thread. */
  interface Work {
    byte[] in(PythonInterpreter python);
  }

  /**
   * Why a function was interrupted.
   *
   * @param seconds so long it has not returned
   * @param seen where it was then
   */
  record Hung(long seconds, FunctionWatch.Seen seen) {}

  private final Patience patience;
  private final BooleanSupplier isCancelled;
  private final Thread thread;
  private final FunctionWatch watch;
  private String function = "a Python function";
  private Thread caller;
  private Hung hung;
  private boolean isLeft;
  private boolean wasInterrupted;

  private volatile Work todo;
  private volatile boolean isDone;
  private volatile boolean ends;
  private byte[] answer;
  private Throwable failure;

  /**
   * @param patience how long it may take
   * @param isCancelled whether its task is to end
   */
  FunctionThread(Patience patience, BooleanSupplier isCancelled) {
    this.patience = patience;
    this.isCancelled = isCancelled;
    caller = Thread.currentThread();
    thread = new Thread(this::work, "Python: " + caller.getName());
    thread.setDaemon(true);
    thread.setContextClassLoader(caller.getContextClassLoader());
    watch = new FunctionWatch(thread.getName());
    thread.start();
  }

  private void work() {
    PythonInterpreter python = null;
    while (true) {
      Work next = todo;
      if (next == null && ends) {
        break;
      }
      if (next == null) {
        LockSupport.park(this);
        continue;
      }
      todo = null;
      try {
        if (python == null) {
          python = interpreter();
          python.exec("from threading import get_ident as _i; _flinksec_thread = _i()");
          watch.watches(python.get("_flinksec_thread", Long.class));
        }
        answer = next.in(python);
      } catch (Throwable thrown) {
        failure = thrown;
      }
      isDone = true;
      LockSupport.unpark(caller);
    }
    if (python != null) {
      python.close();
    }
  }

  /**
   * Statements that give Pemja a reference to a function which it calls by its name: it never takes
   * one, and gives one back when its interpreter ends, or calls another function. Else Python's
   * collector meets freed memory.
   */
  static String kept(String called) {
    return "import ctypes as _c; _c.pythonapi.Py_IncRef(_c.py_object(%s))\n".formatted(called);
  }

  /** A further interpreter of those that share what Python has loaded, for the calling thread. */
  static PythonInterpreter interpreter() {
    return new PythonInterpreter(
        PythonInterpreterConfig.newBuilder()
            .setExcType(PythonInterpreterConfig.ExecType.MULTI_THREAD)
            .build());
  }

  /**
   * @param name of the function, for messages
   */
  void named(String name) {
    function = name;
  }

  /** What the messages call the function. */
  String function() {
    return function;
  }

  /** Why the function was interrupted; null if it was not. */
  Hung hung() {
    return hung;
  }

  /** Whether the function could not be interrupted, so that nothing can be done any more. */
  boolean isLeft() {
    return isLeft;
  }

  /**
   * Does something in the thread, and waits for it, however long it takes.
   *
   * @throws CancelTaskException the task is to end
   */
  byte[] call(Work work) {
    return call(work, patience.without());
  }

  /**
   * The same with records, of which each may take so long only.
   *
   * @return what it gives; nothing that counts if it has hung
   * @throws CancelTaskException the task is to end
   */
  byte[] callWithRecords(Work work) {
    return call(work, patience);
  }

  private byte[] call(Work work, Patience allowed) {
    caller = Thread.currentThread();
    answer = null;
    failure = null;
    hung = null;
    isDone = false;
    todo = work;
    LockSupport.unpark(thread);
    try {
      if (!isDoneWithin(allowed.looks(), true)) {
        waitAndLook(allowed);
      }
    } finally {
      if (wasInterrupted) {
        wasInterrupted = false;
        caller.interrupt();
      }
    }
    if (hung != null) {
      return isLeft || failure != null ? null : answer;
    }
    if (failure != null) {
      ExceptionUtils.rethrow(failure);
    }
    return answer;
  }

  /** Whether the work is done before a time is over, or before the task is cancelled. */
  private boolean isDoneWithin(long nanos, boolean unlessCancelled) {
    long end = System.nanoTime() + nanos;
    while (!isDone) {
      wasInterrupted |= Thread.interrupted();
      long left = end - System.nanoTime();
      if (left <= 0 || unlessCancelled && wasInterrupted && isCancelled.getAsBoolean()) {
        break;
      }
      LockSupport.parkNanos(this, left);
    }
    return isDone;
  }

  private void waitAndLook(Patience allowed) {
    long since = System.nanoTime() - allowed.looks();
    long warned = allowed.warns();
    FunctionWatch.Seen seen = null;
    do {
      if (isCancelled.getAsBoolean()) {
        cancel();
      }
      FunctionWatch.Seen before = seen;
      seen = watch.look();
      long now = System.nanoTime();
      if (before != null && seen.isAnotherItemThan(before)) {
        since = now;
        warned = allowed.warns();
      }
      long took = now - since;
      if (allowed.isOver(took)) {
        hung = new Hung(took / SECOND, seen);
        isLeft = !isStopped();
        return;
      }
      if (took >= warned) {
        warned = 2 * took;
        LOG.warn("{} has not returned for {} s{}", function, took / SECOND, seen);
      }
    } while (!isDoneWithin(allowed.looks(), true));
  }

  private void cancel() {
    isLeft = !isDoneWithin(GENTLE_SECONDS * SECOND, false) && !isStopped();
    if (isLeft) {
      LOG.warn(
          "{} cannot be interrupted, and is left behind: its task ends without it{}",
          function,
          watch.look());
    }
    throw new CancelTaskException(function + " has ended, as its task ends");
  }

  /** Interrupts the function, each second again, as it may take no notice. */
  private boolean isStopped() {
    for (int i = 0; i < GRACE_SECONDS && !isDone; i++) {
      watch.stop();
      isDoneWithin(SECOND, false);
    }
    if (isDone) {
      watch.clear();
    }
    return isDone;
  }

  /** Lets the thread end; one that is left behind ends when it can. */
  void close() {
    ends = true;
    LockSupport.unpark(thread);
    watch.close();
    boolean interrupted = false;
    for (int i = 0; i < GRACE_SECONDS && thread.isAlive() && !isLeft; i++) {
      try {
        thread.join(1000);
      } catch (InterruptedException told) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
