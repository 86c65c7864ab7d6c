// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed.format;

/** Sizes and offsets of a sealed file, and the arithmetic between plaintext and file positions. */
public final class Layout {
  public static final int CONTEXT = 320;
  public static final int SLOT = 352;
  public static final int HEADER = CONTEXT + 2 * SLOT;

  public static final int SALT = 24;
  public static final int COMMITMENT = 32;

  /** Where chunk 0 begins. */
  public static final int PREFIX = HEADER + SALT + COMMITMENT;

  public static final int CHUNK = 16384;
  public static final int TAG = 16;
  public static final int SEALED_CHUNK = CHUNK + TAG;

  /** A message has fewer chunks than this. */
  public static final long MAX_CHUNKS = 1L << 38;

  private Layout() {}

  /** Plaintext bytes in a file of this length, or -1 if no whole file has this length. */
  public static long plaintextLength(long fileLength) {
    long payload = fileLength - PREFIX;
    long last = payload % SEALED_CHUNK;
    if (payload < 0 || last < TAG || payload / SEALED_CHUNK >= MAX_CHUNKS) {
      return -1;
    }
    return payload / SEALED_CHUNK * CHUNK + last - TAG;
  }

  /**
   * What a listing says about a file of this length: its plaintext length, or for a file that was
   * cut short the bytes of its whole chunks (opening it will fail).
   */
  public static long claimedLength(long fileLength) {
    long exact = plaintextLength(fileLength);
    return exact >= 0 ? exact : Math.max(0, fileLength - PREFIX) / SEALED_CHUNK * CHUNK;
  }

  /** File bytes that hold this much plaintext. */
  public static long fileLength(long plaintextLength) {
    return PREFIX + plaintextLength + (plaintextLength / CHUNK + 1) * TAG;
  }

  /** File position of a chunk. */
  public static long chunkOffset(long chunk) {
    return PREFIX + chunk * SEALED_CHUNK;
  }
}
