// SPDX-License-Identifier: Apache-2.0
package org.flinksec.doctor;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.OptionalInt;

/**
 * What stands in clear on a Kerberos ticket: with which key of the server it is encrypted.
 *
 * <p>RFC 4120, 5.3: {@code Ticket ::= [APPLICATION 1] SEQUENCE { …, enc-part [3] EncryptedData }},
 * and {@code EncryptedData ::= SEQUENCE { etype [0], kvno [1] OPTIONAL, cipher [2] }}.
 *
 * @param encryption the number of the encryption type
 * @param version the number of the key (kvno), if the KDC tells it
 */
record TicketParts(int encryption, OptionalInt version) {
  private static final int TICKET = 0x61;
  private static final int SEQUENCE = 0x30;
  private static final int INTEGER = 0x02;
  private static final int LONG_LENGTH = 0x80;

  /**
   * @throws IllegalArgumentException if it is no ticket
   */
  static TicketParts of(byte[] der) {
    try {
      ByteBuffer ticket = required(required(ByteBuffer.wrap(der), TICKET), SEQUENCE);
      ByteBuffer encrypted = required(field(ticket, 3), SEQUENCE);
      int encryption = integer(field(encrypted.duplicate(), 0));
      ByteBuffer version = field(encrypted, 1);
      return new TicketParts(
          encryption, version == null ? OptionalInt.empty() : OptionalInt.of(integer(version)));
    } catch (BufferUnderflowException | NullPointerException e) {
      throw new IllegalArgumentException("no Kerberos ticket", e);
    }
  }

  /** The content of field [number] of a sequence, null if there is none. */
  private static ByteBuffer field(ByteBuffer sequence, int number) {
    while (sequence.hasRemaining()) {
      int tag = sequence.get() & 0xff;
      ByteBuffer content = content(sequence);
      if (tag == (0xa0 | number)) {
        return content;
      }
    }
    return null;
  }

  private static ByteBuffer required(ByteBuffer data, int tag) {
    if ((data.get() & 0xff) != tag) {
      throw new IllegalArgumentException("no Kerberos ticket");
    }
    return content(data);
  }

  private static int integer(ByteBuffer data) {
    ByteBuffer content = required(data, INTEGER);
    int value = content.get();
    while (content.hasRemaining()) {
      value = value << 8 | content.get() & 0xff;
    }
    return value;
  }

  private static ByteBuffer content(ByteBuffer data) {
    int length = data.get() & 0xff;
    if (length >= LONG_LENGTH) {
      int bytes = length - LONG_LENGTH;
      length = 0;
      for (int i = 0; i < bytes; i++) {
        length = length << 8 | data.get() & 0xff;
      }
    }
    if (length < 0 || length > data.remaining()) {
      throw new IllegalArgumentException("no Kerberos ticket");
    }
    ByteBuffer content = data.slice(data.position(), length);
    data.position(data.position() + length);
    return content;
  }
}
