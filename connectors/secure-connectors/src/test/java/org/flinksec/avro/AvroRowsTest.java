// SPDX-License-Identifier: Apache-2.0
package org.flinksec.avro;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.ByteArrayOutputStream;
import java.math.BigDecimal;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.apache.avro.Schema;
import org.apache.avro.SchemaCompatibility;
import org.apache.avro.SchemaCompatibility.SchemaCompatibilityType;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;
import org.apache.flink.types.Row;
import org.flinksec.Serialized;
import org.flinksec.badrecords.UndecodableException;
import org.flinksec.rows.Shape;
import org.junit.jupiter.api.Test;

/** Rows to Avro and back, judged by Avro's own reader, writer and check of compatibility. */
class AvroRowsTest {
  private static final int CASES = 200;

  private static Schema schema(Shape shape) {
    return Schemas.parse(RecordSchema.of(shape, "", Set.of()).toString(), List.of());
  }

  private static byte[] written(Shape shape, Schema schema, Row row) throws Exception {
    return new RowToAvro.Written(schema, shape).write(row, new byte[0]);
  }

  private static Object generic(Schema writer, Schema reader, byte[] bytes) throws Exception {
    return new GenericDatumReader<>(writer, reader)
        .read(null, DecoderFactory.get().binaryDecoder(bytes, null));
  }

  @Test
  void whatIsWrittenIsReadByAvroAndByUs() throws Exception {
    for (int seed = 0; seed < CASES; seed++) {
      Random random = new Random(seed);
      Shape shape = RandomShapes.random(random);
      Schema schema = schema(shape);
      Row row = Values.row(shape, random);

      byte[] bytes = written(shape, schema, row);

      assertThat(Values.fromGeneric(shape, generic(schema, schema, bytes)))
          .as("seed %d", seed)
          .isEqualTo(row);
      AvroToRow reader = Serialized.copy(new AvroToRow(schema.toString(), shape, Set.of()));
      assertThat(reader.read(bytes)).as("seed %d", seed).isEqualTo(row);
    }
  }

  /** Where Avro says that a reader's schema can read a writer's, we read what Avro reads. */
  @Test
  void recordsOfOtherWritersAreReadAsAvroReadsThem() throws Exception {
    int compatible = 0;
    for (int seed = 0; seed < 3 * CASES; seed++) {
      Random random = new Random(seed);
      Shape shape = RandomShapes.random(random);
      Schema reader = schema(shape);
      Schema writer = new Evolution(random).of(reader);
      if (SchemaCompatibility.checkReaderWriterCompatibility(reader, writer).getType()
          != SchemaCompatibilityType.COMPATIBLE) {
        continue;
      }
      compatible++;
      Object datum = Evolution.datum(writer, random);
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      BinaryEncoder out = EncoderFactory.get().binaryEncoder(bytes, null);
      new GenericDatumWriter<>(writer).write(datum, out);
      out.flush();

      Row ours;
      try {
        ours = new AvroToRow(writer.toString(), shape, Set.of()).read(bytes.toByteArray());
      } catch (UndecodableException e) {
        // Where a record is stricter than Avro: numbers that lose something, and enums of numbers.
        assertThat(e.getMessage())
            .as("seed %d", seed)
            .containsAnyOf("that a float cannot hold", "is none of the values of its type");
        continue;
      }
      assertThat(ours)
          .as("seed %d", seed)
          .isEqualTo(Values.fromGeneric(shape, generic(writer, reader, bytes.toByteArray())));
    }
    assertThat(compatible).isGreaterThan(CASES);
  }

  @Test
  void bytesAtRandomAreUndecodableOrARowAndNothingElse() throws Exception {
    for (int seed = 0; seed < CASES; seed++) {
      Random random = new Random(seed);
      Shape shape = RandomShapes.random(random);
      Schema schema = schema(shape);
      AvroToRow reader = new AvroToRow(schema.toString(), shape, Set.of());
      byte[] good = written(shape, schema, Values.row(shape, random));
      for (int i = 0; i < 40; i++) {
        byte[] bad = new byte[random.nextInt(40)];
        if (i % 2 == 0) {
          bad = good.clone();
          if (bad.length > 0) {
            bad[random.nextInt(bad.length)] ^= (byte) (1 << random.nextInt(8));
          }
        } else {
          random.nextBytes(bad);
        }
        try {
          assertThat(reader.read(bad).getArity()).isEqualTo(shape.fields().size());
        } catch (UndecodableException e) {
          assertThat(e.getMessage()).isNotEmpty();
        }
      }
    }
  }

  @Test
  void aDecimalWithoutDeclaredDigitsHasAsManyAsARecordHolds() throws Exception {
    Shape shape = RandomShapes.row("R", RandomShapes.field("n", RandomShapes.decimal(0, 0)));
    Shape wide = RandomShapes.row("R", RandomShapes.field("n", RandomShapes.decimal(60, 18)));
    Schema schema = schema(wide);
    AvroToRow reader = new AvroToRow(schema.toString(), shape, Set.of());
    BigDecimal most = new BigDecimal("9".repeat(20) + "." + "9".repeat(18));

    assertThat(reader.read(written(wide, schema, Row.of(most)))).isEqualTo(Row.of(most));
    byte[] larger = written(wide, schema, Row.of(most.add(BigDecimal.ONE)));
    assertThatExceptionOfType(UndecodableException.class)
        .isThrownBy(() -> reader.read(larger))
        .withMessage("field 'n' has more than 20 digits before the point");
  }

  @Test
  void aRecordThatIsCutOffOrTooLongIsUndecodable() throws Exception {
    Shape shape =
        RandomShapes.row("R", RandomShapes.field("text", RandomShapes.of(Shape.Kind.STR)));
    AvroToRow reader = new AvroToRow(schema(shape).toString(), shape, Set.of());

    assertThat(reader.read(new byte[] {4, 'o', 'k'})).isEqualTo(Row.of("ok"));
    assertThatExceptionOfType(UndecodableException.class)
        .isThrownBy(() -> reader.read(new byte[] {4, 'o'}))
        .withMessage("field 'text' ends too early");
    assertThatExceptionOfType(UndecodableException.class)
        .isThrownBy(() -> reader.read(new byte[] {4, 'o', 'k', 0}))
        .withMessageContaining("goes on after its last field");
    assertThatExceptionOfType(UndecodableException.class)
        .isThrownBy(() -> reader.read(null))
        .withMessageContaining("null");
  }
}
