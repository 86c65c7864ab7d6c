// SPDX-License-Identifier: Apache-2.0
package org.flinksec.avro;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.apache.avro.Schema;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.Decoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;
import org.apache.flink.types.Row;
import org.flinksec.badrecords.UndecodableException;
import org.flinksec.rows.Shape;
import org.flinksec.rows.Shape.Kind;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Our decoder beside Avro's own, and records made to exhaust one. */
@Timeout(300)
class BoundedDecoderTest {
  private interface Read {
    Object from(Decoder in) throws Exception;
  }

  private static final List<Read> READS =
      List.of(
          Decoder::readBoolean,
          Decoder::readInt,
          Decoder::readLong,
          Decoder::readFloat,
          Decoder::readDouble,
          Decoder::readString,
          in -> in.readBytes((ByteBuffer) null),
          Decoder::readEnum,
          Decoder::readIndex);

  @Test
  void whatItReadsAvroReadsToo() {
    for (int seed = 0; seed < 20_000; seed++) {
      Random random = new Random(seed);
      byte[] bytes = new byte[1 + random.nextInt(24)];
      random.nextBytes(bytes);
      bytes[0] = (byte) random.nextInt(random.nextBoolean() ? 16 : 256);
      Read read = READS.get(seed % READS.size());
      BoundedDecoder ours = new BoundedDecoder();
      ours.begin(bytes, 0);
      BinaryDecoder theirs = DecoderFactory.get().binaryDecoder(bytes, null);

      Object found;
      try {
        found = read.from(ours);
      } catch (ValueException e) {
        continue;
      } catch (Exception e) {
        throw new AssertionError("seed " + seed, e);
      }

      assertThat(found).as("seed %d", seed).isEqualTo(assertReads(read, theirs));
    }
  }

  private static Object assertReads(Read read, Decoder theirs) {
    try {
      return read.from(theirs);
    } catch (Exception e) {
      throw new AssertionError("Avro does not read it", e);
    }
  }

  @Test
  void whatAvroWritesItReads() throws Exception {
    for (int seed = 0; seed < 2000; seed++) {
      Random random = new Random(seed);
      long number = random.nextLong() >> random.nextInt(64);
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      BinaryEncoder out = EncoderFactory.get().directBinaryEncoder(bytes, null);
      out.writeLong(number);
      out.writeInt((int) number);
      out.writeDouble(number);
      out.writeString("\uFFFD" + number);
      BoundedDecoder in = new BoundedDecoder();
      in.begin(bytes.toByteArray(), 0);

      assertThat(in.readLong()).isEqualTo(number);
      assertThat(in.readInt()).isEqualTo((int) number);
      assertThat(in.readDouble()).isEqualTo(number);
      assertThat(in.readString()).isEqualTo("\uFFFD" + number);
      in.requireEnd();
    }
  }

  private static final Shape EMPTY_FIELD =
      RandomShapes.row(
          "R", RandomShapes.field("kept", RandomShapes.nullable(RandomShapes.of(Kind.INT)), null));

  private static byte[] bytes(long... numbers) throws Exception {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    BinaryEncoder out = EncoderFactory.get().directBinaryEncoder(bytes, null);
    for (long number : numbers) {
      out.writeLong(number);
    }
    return bytes.toByteArray();
  }

  private static Schema record(String fields) {
    return new Schema.Parser()
        .parse("{\"type\": \"record\", \"name\": \"R\", \"fields\": [%s]}".formatted(fields));
  }

  private static void assertRefused(Shape shape, Schema writer, byte[] record, String why) {
    AvroToRow reader = new AvroToRow(writer.toString(), shape, Set.of());
    assertThatExceptionOfType(UndecodableException.class)
        .isThrownBy(() -> reader.read(record))
        .withMessageContaining(why);
  }

  @Test
  void lengthsBeyondTheRecordMakeNoRoomForThem() throws Exception {
    Shape text = RandomShapes.row("R", RandomShapes.field("text", RandomShapes.of(Kind.STR)));
    Schema schema = record("{\"name\": \"text\", \"type\": \"string\"}");
    for (long length : new long[] {Integer.MAX_VALUE - 8, Long.MAX_VALUE, 1, -1, Long.MIN_VALUE}) {
      assertRefused(text, schema, bytes(length), "field 'text' ");
    }
  }

  @Test
  void listsOfMoreItemsThanBytesAreRefusedWhereverTheyStand() throws Exception {
    String nulls = "{\"name\": \"%s\", \"type\": {\"type\": \"array\", \"items\": \"null\"}}";
    Shape list =
        RandomShapes.row(
            "R",
            RandomShapes.field(
                "many", RandomShapes.list(RandomShapes.nullable(RandomShapes.of(Kind.STR)))));
    for (long count : new long[] {1L << 31, 1L << 62, Long.MIN_VALUE, 2000}) {
      byte[] record = bytes(count, 0);
      assertRefused(list, record(nulls.formatted("many")), record, "more items than it has bytes");
      assertRefused(
          EMPTY_FIELD, record(nulls.formatted("dropped")), record, "more items than it has bytes");
    }
    assertThat(
            new AvroToRow(record(nulls.formatted("many")).toString(), list, Set.of())
                .read(bytes(3, 0)))
        .isEqualTo(Row.of((Object) new String[3]));
  }

  @Test
  void valuesWithinValuesWithoutEndAreRefused() throws Exception {
    Schema deep =
        record("{\"name\": \"dropped\", \"type\": {\"type\": \"array\", \"items\": \"R\"}}");
    long[] levels = new long[300_000];
    Arrays.fill(levels, 1);
    assertRefused(EMPTY_FIELD, deep, bytes(levels), "values within values");
  }

  @Test
  void aBooleanIsZeroOrOneAndTextIsUtf8() throws Exception {
    Shape flag = RandomShapes.row("R", RandomShapes.field("flag", RandomShapes.of(Kind.BOOL)));
    assertRefused(
        flag, record("{\"name\": \"flag\", \"type\": \"boolean\"}"), new byte[] {2}, "no boolean");
    Shape text = RandomShapes.row("R", RandomShapes.field("text", RandomShapes.of(Kind.STR)));
    byte[] halfAPair = {6, (byte) 0xED, (byte) 0xA0, (byte) 0xBD};
    assertRefused(
        text, record("{\"name\": \"text\", \"type\": \"string\"}"), halfAPair, "is no UTF-8");
  }

  @Test
  void schemasOfDeepJsonOrOfManyCharactersAreRefusedAndNotQuoted() {
    String deep = "{\"type\": \"array\", \"items\": ".repeat(5000) + "\"int\"" + "}".repeat(5000);
    String wide =
        "{\"type\": \"record\", \"name\": \"R\", \"doc\": \"%s\", \"fields\": []}"
            .formatted("x".repeat(Schemas.LONGEST));
    String unknown = "{\"type\": \"array\", \"items\": \"secret\"}";
    for (String text : List.of(deep, wide, "secret", "{\"type\": \"secret\"}", unknown, "")) {
      assertThatExceptionOfType(SchemaMismatchException.class)
          .isThrownBy(() -> Schemas.parse(text, List.of()))
          .withMessageNotContaining("secret");
    }
  }

  /** Each type used twice by the next: 2 to the power of 60 fields, written in full. */
  @Test
  void aSchemaThatGrowsWithEachNameCostsWhatItsTextCosts() throws Exception {
    StringBuilder fields = new StringBuilder("{\"name\": \"kept\", \"type\": \"int\"}");
    String type = "{\"type\": \"record\", \"name\": \"N0\", \"fields\": []}";
    for (int i = 1; i < 60; i++) {
      type =
          "{\"type\": \"record\", \"name\": \"N%d\", \"fields\": [{\"name\": \"a\", \"type\": %s}, {\"name\": \"b\", \"type\": \"N%d\"}]}"
              .formatted(i, type, i - 1);
    }
    fields.append(", {\"name\": \"bomb\", \"type\": [\"null\", %s]}".formatted(type));

    AvroToRow reader = new AvroToRow(record(fields.toString()).toString(), EMPTY_FIELD, Set.of());

    assertThat(reader.read(bytes(7, 0))).isEqualTo(Row.of(7L));
  }
}
