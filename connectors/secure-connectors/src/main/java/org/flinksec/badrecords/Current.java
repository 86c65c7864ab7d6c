// SPDX-License-Identifier: Apache-2.0
package org.flinksec.badrecords;

/**
 * The record that a task is just working on, for whoever meets an error on the way.
 *
 * <p>The operators of a chain call each other in one thread: all that happens until the first of
 * them has its hand back belongs to the record that it handed on. That does not hold for operators
 * that keep elements for later, so whoever asks has to know that none is in between.
 */
public final class Current {
  private static final ThreadLocal<Current> OF_THREAD = ThreadLocal.withInitial(Current::new);

  private Traceable record;

  private Current() {}

  /** That of the calling thread, which is a task's. */
  public static Current ofThread() {
    return OF_THREAD.get();
  }

  /**
   * The work on another record begins, inside of that on the one that is given back.
   *
   * @param other null for none
   */
  public Traceable change(Traceable other) {
    Traceable before = record;
    record = other;
    return before;
  }

  /** The work on a record begins. */
  public void begin(Traceable begun) {
    record = begun;
  }

  /** It has ended. */
  public void end() {
    record = null;
  }

  /** The record; null if there is none. */
  public Original original() {
    return record == null ? null : record.original();
  }
}
