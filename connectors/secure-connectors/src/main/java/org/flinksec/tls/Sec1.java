// SPDX-License-Identifier: Apache-2.0
package org.flinksec.tls;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;

/**
 * Puts an EC key of SEC 1 (RFC 5915) into the envelope of PKCS#8 (RFC 5958).
 *
 * <p>{@code openssl ecparam -genkey} writes keys so.
 */
final class Sec1 {
  /** INTEGER 0. */
  private static final byte[] VERSION = {0x02, 0x01, 0x00};

  /** The OBJECT IDENTIFIER of id-ecPublicKey. */
  private static final byte[] EC = {0x06, 0x07, 0x2a, (byte) 0x86, 0x48, (byte) 0xce, 0x3d, 2, 1};

  /** The tag of the curve, [0]. */
  private static final int PARAMETERS = 0xa0;

  private static final int LONG_FORM = 0x80;

  private Sec1() {}

  /** Null if the key does not name its curve. */
  static byte[] toPkcs8(byte[] sec1) {
    byte[] curve = curve(sec1);
    if (curve == null) {
      return null;
    }
    byte[] algorithm = Pkcs1.tagged(Pkcs1.SEQUENCE, joined(EC, curve));
    byte[] key = Pkcs1.tagged(Pkcs1.OCTET_STRING, sec1);
    return Pkcs1.tagged(Pkcs1.SEQUENCE, joined(VERSION, algorithm, key));
  }

  private static byte[] curve(byte[] sec1) {
    try {
      ByteBuffer content = ByteBuffer.wrap(sec1);
      content.get(); // SEQUENCE
      length(content);
      while (content.hasRemaining()) {
        int tag = content.get() & 0xff;
        int length = length(content);
        if (length < 0 || length > content.remaining()) {
          return null;
        }
        byte[] value = new byte[length];
        content.get(value);
        if (tag == PARAMETERS) {
          return value;
        }
      }
      return null;
    } catch (BufferUnderflowException e) {
      return null;
    }
  }

  private static int length(ByteBuffer content) {
    int first = content.get() & 0xff;
    if (first < LONG_FORM) {
      return first;
    }
    int length = 0;
    for (int i = LONG_FORM; i < first; i++) {
      length = (length << 8) | (content.get() & 0xff);
    }
    return length;
  }

  private static byte[] joined(byte[]... parts) {
    int length = 0;
    for (byte[] part : parts) {
      length += part.length;
    }
    ByteBuffer all = ByteBuffer.allocate(length);
    for (byte[] part : parts) {
      all.put(part);
    }
    return all.array();
  }
}
