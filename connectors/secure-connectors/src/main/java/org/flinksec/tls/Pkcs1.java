// SPDX-License-Identifier: Apache-2.0
package org.flinksec.tls;

import java.nio.ByteBuffer;

/**
 * Puts an RSA key of PKCS#1 (RFC 8017, A.1.2) into the envelope of PKCS#8 (RFC 5958).
 *
 * <p>{@code openssl genrsa} of releases before 3.0 writes keys so.
 */
final class Pkcs1 {
  /** INTEGER 0, then the algorithm: rsaEncryption with NULL parameters. */
  private static final byte[] VERSION_AND_ALGORITHM = {
    0x02,
    0x01,
    0x00,
    0x30,
    0x0d,
    0x06,
    0x09,
    0x2a,
    (byte) 0x86,
    0x48,
    (byte) 0x86,
    (byte) 0xf7,
    0x0d,
    0x01,
    0x01,
    0x01,
    0x05,
    0x00
  };

  static final int SEQUENCE = 0x30;
  static final int OCTET_STRING = 0x04;

  private Pkcs1() {}

  static byte[] toPkcs8(byte[] pkcs1) {
    byte[] key = tagged(OCTET_STRING, pkcs1);
    byte[] content =
        ByteBuffer.allocate(VERSION_AND_ALGORITHM.length + key.length)
            .put(VERSION_AND_ALGORITHM)
            .put(key)
            .array();
    return tagged(SEQUENCE, content);
  }

  static byte[] tagged(int tag, byte[] content) {
    byte[] length = length(content.length);
    return ByteBuffer.allocate(1 + length.length + content.length)
        .put((byte) tag)
        .put(length)
        .put(content)
        .array();
  }

  private static byte[] length(int length) {
    if (length < 0x80) {
      return new byte[] {(byte) length};
    }
    if (length < 0x100) {
      return new byte[] {(byte) 0x81, (byte) length};
    }
    return new byte[] {(byte) 0x82, (byte) (length >> 8), (byte) length};
  }
}
