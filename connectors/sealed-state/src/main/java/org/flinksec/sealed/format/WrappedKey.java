// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed.format;

/**
 * A data key, encrypted by a key-encryption key.
 *
 * @param algorithm how it was wrapped; 1 is AES-KWP (RFC 5649)
 * @param keyId the key-encryption key's id
 * @param bytes the wrapped key
 */
public record WrappedKey(int algorithm, String keyId, byte[] bytes) {
  public static final int AES_KWP = 1;
}
