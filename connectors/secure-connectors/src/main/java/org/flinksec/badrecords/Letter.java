// SPDX-License-Identifier: Apache-2.0
package org.flinksec.badrecords;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.apache.flink.core.memory.DataOutputView;

/**
 * A dead letter: a record that cannot be used, and why, on its way to the topic that keeps it.
 *
 * <p>It holds the record of Kafka where that is known, else the element as one JSON object. What is
 * said about it has nothing of its content.
 *
 * @param stage where on its way it turned out to be bad
 * @param original the record as it was read; null where it is not known
 * @param element what could not be used, as JSON; null where the record is known
 * @param timestamp the element's, in epoch milliseconds; negative for none
 * @param finder the class or function that found it
 * @param exception the class of the exception
 * @param why what is wrong
 * @param trace where a function raised, line by line; null for none
 * @param target the topic or index that it was to be written to; null for none
 * @param file the place in a file that the element was read from, byte for byte; null for none
 */
public record Letter(
    Stage stage,
    Original original,
    byte[] element,
    long timestamp,
    String finder,
    String exception,
    String why,
    String trace,
    String target,
    Origin.File file) {
  /** Of what was not read from a file. */
  public Letter(
      Stage stage,
      Original original,
      byte[] element,
      long timestamp,
      String finder,
      String exception,
      String why,
      String trace,
      String target) {
    this(stage, original, element, timestamp, finder, exception, why, trace, target, null);
  }

  /** What the target of is an index: any other class writes to a topic. */
  private static final String INDEXERS = "org.flinksec.elasticsearch.";

  /** Of a record that cannot be decoded. */
  public static Letter undecodable(Original record, Class<?> finder, UndecodableException why) {
    return new Letter(
        Stage.DECODE,
        record,
        null,
        record.timestamp(),
        finder.getName(),
        why.getClass().getName(),
        why.getMessage(),
        null,
        null);
  }

  /**
   * Of a record of a file that cannot be decoded.
   *
   * @param bytes of the record; null where it has none that are its alone
   */
  public static Letter undecodable(
      Origin.File file, byte[] bytes, Class<?> finder, UndecodableException why) {
    return new Letter(
        Stage.DECODE,
        null,
        bytes,
        -1,
        finder.getName(),
        why.getClass().getName(),
        why.getMessage(),
        null,
        null,
        file);
  }

  /** The bad record that it is about. */
  public BadRecord badRecord() {
    return new BadRecord(stage, original != null ? original.origin() : withoutOriginal(), why);
  }

  private Origin withoutOriginal() {
    if (file != null) {
      return file;
    }
    if (target == null) {
      return new Origin.Element(finder);
    }
    return isOfAnIndex() ? new Origin.Document(target, null) : new Origin.Target(target);
  }

  /** The word of Kafka Connect's {@code Stage}: of an index, nothing was to go to a topic. */
  String connectStage() {
    return (stage == Stage.ENCODE && isOfAnIndex() ? Stage.REFUSED : stage).connectName();
  }

  private boolean isOfAnIndex() {
    return finder.startsWith(INDEXERS);
  }

  /** As bytes, for a stream of Flink's. */
  public byte[] toBytes() {
    DataOutputSerializer out = new DataOutputSerializer(256);
    try {
      out.writeByte(stage.ordinal());
      write(original, out);
      write(element, out);
      out.writeLong(timestamp);
      String path = file == null ? null : file.path();
      String position = file == null ? null : file.position();
      for (String text : new String[] {finder, exception, why, trace, target, path, position}) {
        write(text == null ? null : text.getBytes(StandardCharsets.UTF_8), out);
      }
    } catch (IOException e) {
      throw new IllegalStateException(e); // into memory
    }
    return out.getCopyOfBuffer();
  }

  /** What {@link #toBytes} made. */
  public static Letter of(byte[] bytes) {
    DataInputDeserializer in = new DataInputDeserializer(bytes);
    try {
      return new Letter(
          Stage.values()[in.readByte()],
          readOriginal(in),
          read(in),
          in.readLong(),
          readText(in),
          readText(in),
          readText(in),
          readText(in),
          readText(in),
          readFile(in));
    } catch (IOException e) {
      throw new IllegalArgumentException("these are not the bytes of a dead letter", e);
    }
  }

  /** Writes a record, or none. */
  public static void write(Original record, DataOutputView out) throws IOException {
    out.writeBoolean(record != null);
    if (record == null) {
      return;
    }
    write(record.topic().getBytes(StandardCharsets.UTF_8), out);
    out.writeInt(record.partition());
    out.writeLong(record.offset());
    out.writeLong(record.timestamp());
    write(record.key(), out);
    write(record.value(), out);
    out.writeInt(record.headers().size());
    for (Original.Header header : record.headers()) {
      write(header.name().getBytes(StandardCharsets.UTF_8), out);
      write(header.value(), out);
    }
  }

  /** Reads what {@link #write(Original, DataOutputView)} wrote. */
  public static Original readOriginal(DataInputView in) throws IOException {
    if (!in.readBoolean()) {
      return null;
    }
    String topic = readText(in);
    int partition = in.readInt();
    long offset = in.readLong();
    long timestamp = in.readLong();
    byte[] key = read(in);
    byte[] value = read(in);
    int count = in.readInt();
    List<Original.Header> headers = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      headers.add(new Original.Header(readText(in), read(in)));
    }
    return new Original(topic, partition, offset, timestamp, key, value, headers);
  }

  /** Writes bytes, or null. */
  public static void write(byte[] bytes, DataOutputView out) throws IOException {
    out.writeInt(bytes == null ? -1 : bytes.length);
    if (bytes != null) {
      out.write(bytes);
    }
  }

  /** Reads what {@link #write(byte[], DataOutputView)} wrote. */
  public static byte[] read(DataInputView in) throws IOException {
    int length = in.readInt();
    if (length < 0) {
      return null;
    }
    byte[] bytes = new byte[length];
    in.readFully(bytes);
    return bytes;
  }

  private static Origin.File readFile(DataInputView in) throws IOException {
    String path = readText(in);
    String position = readText(in);
    return path == null ? null : new Origin.File(path, position);
  }

  private static String readText(DataInputView in) throws IOException {
    byte[] bytes = read(in);
    return bytes == null ? null : new String(bytes, StandardCharsets.UTF_8);
  }
}
