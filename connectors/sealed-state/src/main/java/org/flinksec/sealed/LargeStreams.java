// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed;

import java.util.concurrent.atomic.AtomicInteger;
import org.flinksec.sealed.format.CipherRate;

/**
 * Whether a second thread makes a stream of a large file quicker.
 *
 * <p>It costs processor time to hand work over. So it pays only if the cipher takes long, and if
 * there is a processor that no other large stream keeps busy.
 */
final class LargeStreams {
  private static final AtomicInteger OPEN = new AtomicInteger();
  private static volatile int processors = Runtime.getRuntime().availableProcessors();

  private LargeStreams() {}

  /** One stream's place among those that count; it takes it when its file turns out to be large. */
  static final class Place {
    private boolean taken;
    private boolean left;

    /** Takes the place, once; and not after it was left, as a stream may be during its work. */
    synchronized void take() {
      if (!taken && !left) {
        taken = true;
        OPEN.incrementAndGet();
      }
    }

    /** Leaves it, if it was taken. */
    synchronized void leave() {
      left = true;
      if (taken) {
        taken = false;
        OPEN.decrementAndGet();
      }
    }
  }

  static int open() {
    return OPEN.get();
  }

  /** Only tests say how many there are; returns what was said before. */
  static int assumeProcessors(int number) {
    int before = processors;
    processors = number;
    return before;
  }

  static boolean secondThreadPays() {
    return CipherRate.isSlow() && OPEN.get() < processors;
  }
}
