// SPDX-License-Identifier: Apache-2.0
package org.flinksec.functions;

import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.apache.flink.runtime.execution.CancelTaskException;
import org.apache.flink.util.ExceptionUtils;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The thread in which the Python function of one operator runs, one work after the other.
 *
 * <p>The task may go on meanwhile, and asks for the answer later. A function that does not return
 * is looked at and interrupted; one that can neither be interrupted nor killed is left behind.
 */
final class FunctionThread {
  private static final Logger LOG = LoggerFactory.getLogger(FunctionThread.class);
  private static final long SECOND = 1_000_000_000L;
  private static final int GENTLE_SECONDS = 2;
  private static final int GRACE_SECONDS = 5;

  /** What is done in the thread. */
  interface Work {
    byte[] in(Python python) throws Exception;
  }

  /**
   * Why a function was interrupted.
   *
   * @param seconds so long it has not returned
   * @param seen where it was then
   */
  record Hung(long seconds, FunctionWatch.Seen seen) {}

  private final Python python;
  private final Patience patience;
  private final BooleanSupplier isCancelled;
  private final Thread thread;
  private final FunctionWatch watch;
  private volatile Runnable whenDone = () -> {};
  private String function = "a Python function";
  private boolean isLeft;
  private boolean wasInterrupted;

  // of the work that is under way, for the task
  private Patience allowed;
  private long since;
  private long warned;
  private FunctionWatch.Seen seen;
  private Hung hung;

  private volatile Work todo;
  private volatile boolean isDone = true;
  private volatile boolean ends;
  private volatile Thread waiting;
  private byte[] answer;
  private Throwable failure;

  /**
   * @param python in which the function is
   * @param patience how long it may take
   * @param isCancelled whether its task is to end
   */
  FunctionThread(Python python, Patience patience, BooleanSupplier isCancelled) {
    this.python = python;
    this.patience = patience;
    this.isCancelled = isCancelled;
    Thread task = Thread.currentThread();
    thread = new Thread(this::work, "Python: " + task.getName());
    thread.setDaemon(true);
    thread.setContextClassLoader(task.getContextClassLoader());
    watch = new FunctionWatch(thread.getName(), python);
    thread.start();
  }

  private void work() {
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
        answer = next.in(python);
      } catch (Throwable thrown) {
        failure = thrown;
      }
      isDone = true;
      Thread waits = waiting;
      if (waits != null) {
        LockSupport.unpark(waits);
      } else {
        whenDone.run();
      }
    }
    python.end();
  }

  /** Loads the function. */
  void load() {
    call(
        inside -> {
          function = inside.load();
          return null;
        });
  }

  /** What the messages call the function. */
  String function() {
    return function;
  }

  /**
   * @param then what is run in the thread when a work is done that nobody waits for
   */
  void whenDone(Runnable then) {
    whenDone = then;
  }

  /** Why the function was interrupted; null if it was not. */
  Hung hung() {
    return hung;
  }

  /** Whether the function could not be interrupted, so that nothing can be done any more. */
  boolean isLeft() {
    return isLeft;
  }

  /** Whether there is an answer, or nothing is under way. */
  boolean isDone() {
    return isDone;
  }

  /**
   * Does something in the thread, and waits for it, however long it takes.
   *
   * @throws CancelTaskException the task is to end
   */
  byte[] call(Work work) {
    start(work, patience.without());
    return await();
  }

  /** Begins to run the function on a batch, of which each item may take so long only. */
  void start(byte[] frame) {
    start(inside -> inside.call(frame), patience);
  }

  private void start(Work work, Patience within) {
    allowed = within;
    since = System.nanoTime();
    warned = within.warns();
    seen = null;
    hung = null;
    answer = null;
    failure = null;
    isDone = false;
    todo = work;
    LockSupport.unpark(thread);
  }

  /**
   * Waits for what is under way.
   *
   * @return what it gives; nothing that counts if it has hung
   * @throws CancelTaskException the task is to end
   */
  byte[] await() {
    try {
      while (hung == null && !isDoneWithin(allowed.looks(), true)) {
        look();
      }
    } finally {
      if (wasInterrupted) {
        wasInterrupted = false;
        Thread.currentThread().interrupt();
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
    waiting = Thread.currentThread(); // before it is asked, see work()
    try {
      while (!isDone) {
        wasInterrupted |= Thread.interrupted();
        long left = end - System.nanoTime();
        if (left <= 0 || unlessCancelled && wasInterrupted && isCancelled.getAsBoolean()) {
          break;
        }
        LockSupport.parkNanos(this, left);
      }
      return isDone;
    } finally {
      waiting = null;
    }
  }

  /**
   * Looks at what is under way, if anything is; to be called in between, about every {@link
   * Patience#looks}.
   *
   * @return whether the function was interrupted, so that there is no more to wait for
   * @throws CancelTaskException the task is to end
   */
  boolean look() {
    if (!isDone && isCancelled.getAsBoolean()) {
      cancel();
    }
    python.check();
    if (isDone || hung != null || System.nanoTime() - since < allowed.looks()) {
      return hung != null;
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
    } else if (took >= warned) {
      warned = 2 * took;
      LOG.warn("{} has not returned for {} s{}", function, took / SECOND, seen);
    }
    return hung != null;
  }

  private void cancel() {
    leave();
    throw new CancelTaskException(function + " has ended, as its task ends");
  }

  /** Gives the function a moment to return, and interrupts it then. */
  private void leave() {
    isLeft = !isDoneWithin(GENTLE_SECONDS * SECOND, false) && !isStopped();
    if (isLeft) {
      LOG.warn(
          "{} cannot be interrupted, and is left behind: its task ends without it{}",
          function,
          watch.look());
    }
  }

  /** Interrupts the function, each second again, as it may take no notice, and kills it then. */
  private boolean isStopped() {
    int tries = python.canBeKilled() ? GENTLE_SECONDS : GRACE_SECONDS;
    for (int i = 0; i < tries && !isDone; i++) {
      watch.stop();
      isDoneWithin(SECOND, false);
    }
    if (isDone) {
      watch.clear();
    } else if (python.canBeKilled()) {
      python.kill();
      isDoneWithin(GRACE_SECONDS * SECOND, false);
    }
    return isDone;
  }

  /**
   * Closes the function, and lets the thread end; one that is left behind ends when it can.
   *
   * @param isOpen whether the function is to be closed
   * @return its answer; null if it could not be asked
   */
  byte[] close(boolean isOpen) {
    try {
      if (!isDone && !isLeft) {
        leave(); // its task has failed elsewhere
      }
      return isOpen && !isLeft ? call(Python::close) : null;
    } finally {
      end();
    }
  }

  private void end() {
    ends = true;
    LockSupport.unpark(thread);
    watch.close();
    boolean interrupted = wasInterrupted;
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
