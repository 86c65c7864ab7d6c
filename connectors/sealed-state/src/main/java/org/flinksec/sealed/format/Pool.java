// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed.format;

import java.security.GeneralSecurityException;
import java.util.concurrent.ArrayBlockingQueue;

/**
 * Spare Ciphers or Macs, since to get a new one takes longer than to work with it on a small file.
 *
 * <p>Who takes one owns it, alone, until it gives it back; one that failed is never given back. At
 * most 32 wait here, and what is beyond that is left to the garbage collector.
 */
final class Pool<T> {
  private static final int KEPT = 32;

  /** Makes one. */
  interface New<T> {
    T make() throws GeneralSecurityException;
  }

  private final ArrayBlockingQueue<T> spare = new ArrayBlockingQueue<>(KEPT);
  private final New<T> maker;

  Pool(New<T> maker) {
    this.maker = maker;
  }

  T take() throws GeneralSecurityException {
    T one = spare.poll();
    return one == null ? maker.make() : one;
  }

  /** Only for what was taken here, worked, and is not used any more. */
  void giveBack(T one) {
    spare.offer(one);
  }
}
