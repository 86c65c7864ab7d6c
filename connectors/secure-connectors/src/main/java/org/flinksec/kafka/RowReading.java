// SPDX-License-Identifier: Apache-2.0
package org.flinksec.kafka;

import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.flinksec.badrecords.OnBadRecord;
import org.flinksec.badrecords.SkipBrake;
import org.flinksec.formats.RowDecoder;
import org.flinksec.rows.Shape;

/** What a job says about how it reads records; {@link #build} makes what Flink's source takes. */
public final class RowReading {
  final Shape shape;
  List<Around> metadata = List.of();
  List<String> keyFields = List.of();
  RowDecoder.Factory keyFormat;
  Tombstones tombstones = Tombstones.FAIL;
  OnBadRecord onError = OnBadRecord.FAIL;
  int mostSkipped = SkipBrake.DEFAULT;
  int eventTime = RowDeserializationSchema.NONE;

  private RowReading(Shape shape) {
    this.shape = shape;
  }

  /**
   * @param shape of the rows, see {@link Shape#parse}
   */
  public static RowReading of(String shape) {
    return new RowReading(Shape.parse(shape));
  }

  /**
   * @param sources row field to what fills it, of {@link Around#READ}; such a field is never read
   *     from the value
   * @throws IllegalArgumentException if a name or a type does not fit
   */
  public RowReading metadata(Map<String, String> sources) {
    metadata = Around.of(shape, sources, Around.READ);
    return this;
  }

  /**
   * @param fields are read from the key, and never from the value
   * @param format of the key, of which these are all fields
   * @throws IllegalArgumentException if a name does not fit
   */
  public RowReading key(List<String> fields, RowDecoder.Factory format) {
    Fields.positions(shape, fields, "key_fields");
    keyFields = List.copyOf(fields);
    keyFormat = format;
    return this;
  }

  /**
   * @param word of {@link Tombstones}
   */
  public RowReading tombstones(String word) {
    tombstones = Tombstones.parse(word);
    return this;
  }

  /**
   * @param word of {@link OnBadRecord}
   * @param most how many records may be left out in a row; 0 for any number
   */
  public RowReading onError(String word, int most) {
    onError = OnBadRecord.parse(word);
    mostSkipped = most;
    return this;
  }

  /**
   * @param field must hold a time, since watermarks follow it; empty for none
   */
  public RowReading eventTime(String field) {
    eventTime =
        field.isEmpty()
            ? RowDeserializationSchema.NONE
            : Fields.position(shape, field, "event_time");
    return this;
  }

  /**
   * @param format reads the values
   * @throws IllegalArgumentException if what was said does not fit together
   */
  public RowDeserializationSchema build(RowDecoder.Factory format) {
    Set<String> elsewhere = new HashSet<>(keyFields);
    for (Around field : metadata) {
      if (!elsewhere.add(field.field())) {
        throw new IllegalArgumentException(
            "the field '%s' is filled twice, by metadata and by key_fields"
                .formatted(field.field()));
      }
    }
    tombstones.check(shape, elsewhere);
    RowDecoder value = format.of(shape, elsewhere);
    RowDecoder key = keyFormat == null ? null : keyFormat.of(shape.only(keyFields), Set.of());
    return new RowDeserializationSchema(this, value, key);
  }
}
