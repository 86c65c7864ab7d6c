// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed.format;

/**
 * A data key, encrypted by a key-encryption key.
 *
 * @param algorithm how it was wrapped; 1 is AES-KWP (RFC 5649), and from 128 on the provider bound
 *     associated data to it
 * @param keyId the key-encryption key's id
 * @param bytes the wrapped key
 * @param job the job that was bound to it; empty if none was known, or with an algorithm below 128
 */
public record WrappedKey(int algorithm, String keyId, byte[] bytes, String job) {
  public static final int AES_KWP = 1;

  /** The first algorithm that binds associated data. */
  public static final int BOUND = 128;

  private static final int MAX_JOB = 80;

  /** Refuses a job that cannot be stored. */
  public WrappedKey {
    checkJob(job);
    if (!binds(algorithm) && !job.isEmpty()) {
      throw new IllegalArgumentException("wrap algorithm " + algorithm + " binds no job");
    }
  }

  /** A key to which nothing was bound. */
  public WrappedKey(int algorithm, String keyId, byte[] bytes) {
    this(algorithm, keyId, bytes, "");
  }

  /**
   * @throws IllegalArgumentException if no slot can hold a job of this name
   */
  public static void checkJob(String job) {
    if (!isJob(job)) {
      throw new IllegalArgumentException(
          "a job is bound by up to 80 letters, digits, dots, dashes, underscores and tildes");
    }
  }

  /** Whether a slot can hold a job of this name. */
  static boolean isJob(String job) {
    return job.length() <= MAX_JOB && Names.consistsOf(job, "._~-");
  }

  /** Whether a wrap algorithm is one that binds associated data. */
  static boolean binds(int algorithm) {
    return algorithm >= BOUND;
  }
}
