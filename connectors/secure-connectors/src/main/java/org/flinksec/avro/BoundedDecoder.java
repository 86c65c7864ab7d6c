// SPDX-License-Identifier: Apache-2.0
package org.flinksec.avro;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.apache.avro.io.Decoder;
import org.apache.avro.util.Utf8;

/**
 * Avro's binary encoding out of an array, which never makes anything larger than what is there.
 *
 * <p>Avro's own decoder makes room for as many bytes as a length says before it looks whether they
 * are there, and goes through as many items as a count says even where an item takes no byte: a
 * record of ten bytes may ask for two gigabytes, or for an hour. Its limits are system properties,
 * the same for all jobs of a JVM. Here a length is at most what is left, and the items of all lists
 * and maps of a record are together at most as many as it has bytes, and {@value #FREE_ITEMS} more.
 *
 * <p>Text must be strict UTF-8, and a boolean 0 or 1. All that is wrong is a {@link
 * ValueException}.
 */
final class BoundedDecoder extends Decoder {
  /** Items that may take no byte each: nulls, or records without a field. */
  static final int FREE_ITEMS = 1000;

  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

  private byte[] bytes = {};
  private ByteBuffer buffer = NOTHING;
  private int position;
  private int end;
  private long itemsLeft;

  /** Begins with a record, or with several: the bytes from an offset on. */
  void begin(byte[] record, int offset) {
    bytes = record;
    buffer = ByteBuffer.wrap(record).order(ByteOrder.LITTLE_ENDIAN);
    position = offset;
    end = record.length;
    itemsLeft = (long) end - offset + FREE_ITEMS;
  }

  /** Where the next value begins. */
  int position() {
    return position;
  }

  /**
   * @throws ValueException if something is left of the record
   */
  void requireEnd() {
    if (position != end) {
      throw new ValueException("goes on after its last field: it was written with another schema");
    }
  }

  /** Takes so many bytes, and returns where they begin. */
  private int take(long count) {
    if (count < 0) {
      throw new ValueException("has a negative length");
    }
    if (count > end - position) {
      throw new ValueException("ends too early");
    }
    int begin = position;
    position += (int) count;
    return begin;
  }

  @Override
  public void readNull() {}

  @Override
  public boolean readBoolean() {
    byte found = bytes[take(1)];
    if ((found & ~1) != 0) {
      throw new ValueException("is no boolean");
    }
    return found == 1;
  }

  @Override
  public int readInt() {
    long found = readLong();
    if (found != (int) found) {
      throw new ValueException("is larger than an int of Avro");
    }
    return (int) found;
  }

  @Override
  public long readLong() {
    long zigzag = 0;
    for (int shift = 0; shift < 70; shift += 7) {
      byte next = bytes[take(1)];
      if (shift == 63 && (next & ~1) != 0) {
        break;
      }
      zigzag |= (next & 0x7FL) << shift;
      if (next >= 0) {
        return (zigzag >>> 1) ^ -(zigzag & 1);
      }
    }
    throw new ValueException("is larger than a long of Avro");
  }

  @Override
  public float readFloat() {
    return buffer.getFloat(take(Float.BYTES));
  }

  @Override
  public double readDouble() {
    return buffer.getDouble(take(Double.BYTES));
  }

  @Override
  public String readString() {
    return text(readLong());
  }

  /** Text of so many bytes, whatever type of Avro it has. */
  private String text(long length) {
    int begin = take(length);
    String text = new String(bytes, begin, (int) length, StandardCharsets.UTF_8);
    if (text.indexOf('\uFFFD') >= 0) { // what is no UTF-8 has become that, or it stands there
      try {
        StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes, begin, (int) length));
      } catch (CharacterCodingException e) {
        throw new ValueException("is no UTF-8");
      }
    }
    return text;
  }

  @Override
  public Utf8 readString(Utf8 old) {
    return new Utf8(readString());
  }

  @Override
  public void skipString() {
    take(readLong());
  }

  /** The bytes, as an array of their own. */
  byte[] readBytes() {
    return readFixed(readLong());
  }

  /** So many bytes, as an array of their own. */
  byte[] readFixed(long length) {
    int begin = take(length);
    return Arrays.copyOfRange(bytes, begin, begin + (int) length);
  }

  @Override
  public ByteBuffer readBytes(ByteBuffer old) {
    return ByteBuffer.wrap(readBytes());
  }

  @Override
  public void skipBytes() {
    take(readLong());
  }

  @Override
  public void readFixed(byte[] into, int start, int length) {
    System.arraycopy(bytes, take(length), into, start, length);
  }

  @Override
  public void skipFixed(int length) {
    take(length);
  }

  @Override
  public int readEnum() {
    return readInt();
  }

  @Override
  public int readIndex() {
    return readInt();
  }

  /** The items of the next block of a list or map; 0 after the last. */
  private long block() {
    long count = readLong();
    if (count < 0) {
      count = -count; // then the size of the block in bytes follows
      long size = readLong();
      if (size < 0 || size > end - position) {
        throw new ValueException("ends too early");
      }
    }
    itemsLeft -= count;
    if (count < 0 || itemsLeft < 0) {
      throw new ValueException("has a list or map of more items than it has bytes");
    }
    return count;
  }

  @Override
  public long readArrayStart() {
    return block();
  }

  @Override
  public long arrayNext() {
    return block();
  }

  /** Items are passed over one by one, so that what is wrong in them is found. */
  @Override
  public long skipArray() {
    return block();
  }

  @Override
  public long readMapStart() {
    return block();
  }

  @Override
  public long mapNext() {
    return block();
  }

  @Override
  public long skipMap() {
    return block();
  }
}
