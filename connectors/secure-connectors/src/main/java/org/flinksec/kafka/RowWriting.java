// SPDX-License-Identifier: Apache-2.0
package org.flinksec.kafka;

import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.flinksec.formats.RowEncoder;
import org.flinksec.json.RowTypes;
import org.flinksec.rows.Shape;

/** What a job says about how it writes rows; {@link #build} makes what Flink's sink takes. */
public final class RowWriting {
  final String topic;
  final Shape shape;
  List<Around> metadata = List.of();
  int keyField = RowSerializationSchema.NONE;
  List<String> keyFields = List.of();
  RowEncoder.Factory keyFormat;
  boolean keyInValue = true;
  Partitioning partitioning = Partitioning.KAFKA;
  private final TypeInformation<?> rowType;

  private RowWriting(String topic, TypeInformation<?> rowType) {
    this.topic = topic;
    this.rowType = rowType;
    this.shape = Shape.of(rowType);
  }

  /**
   * @param topic that a record goes to unless it says another
   * @param rowType of the stream
   * @throws IllegalArgumentException if that is no row type, or a field's type has no shape
   */
  public static RowWriting of(String topic, TypeInformation<?> rowType) {
    return new RowWriting(topic, rowType);
  }

  /**
   * @param places row field to where it goes, of {@link Around#WRITTEN}; such a field is not in the
   *     value
   * @throws IllegalArgumentException if a name or a type does not fit
   */
  public RowWriting metadata(Map<String, String> places) {
    metadata = Around.of(shape, places, Around.WRITTEN);
    return this;
  }

  /**
   * @param field its text form, in UTF-8, or its bytes become the key; where it is null there is
   *     none
   * @throws IllegalArgumentException if there is no such field, or its type has no text form
   */
  public RowWriting keyField(String field) {
    keyField = RowTypes.identifier(RowTypes.require(rowType), field, "key_field", true);
    return this;
  }

  /**
   * @param fields make the key together
   * @param format of the key
   * @param inValue whether they are in the value, too
   * @throws IllegalArgumentException if a name does not fit
   */
  public RowWriting key(List<String> fields, RowEncoder.Factory format, boolean inValue) {
    Fields.positions(shape, fields, "key_fields");
    keyFields = List.copyOf(fields);
    keyFormat = format;
    keyInValue = inValue;
    return this;
  }

  /**
   * @param word of {@link Partitioning}
   */
  public RowWriting partitioning(String word) {
    partitioning = Partitioning.parse(word);
    return this;
  }

  /**
   * @param format writes the values
   * @throws IllegalArgumentException if what was said does not fit together
   */
  public RowSerializationSchema build(RowEncoder.Factory format) {
    Set<String> elsewhere = new HashSet<>();
    metadata.forEach(field -> elsewhere.add(field.field()));
    int keys = keyFormat == null ? 0 : 1;
    keys += keyField == RowSerializationSchema.NONE ? 0 : 1;
    keys += (int) metadata.stream().filter(field -> field.source().equals("key")).count();
    if (keys > 1) {
      throw new IllegalArgumentException(
          "a record has one key: say key_field, or key_fields, or metadata of 'key'");
    }
    if (!keyInValue) {
      elsewhere.addAll(keyFields);
    }
    List<String> inValue =
        shape.names().stream().filter(name -> !elsewhere.contains(name)).toList();
    RowEncoder value = format.of(shape.only(inValue));
    RowEncoder key = keyFormat == null ? null : keyFormat.of(shape.only(keyFields));
    return new RowSerializationSchema(this, inValue, value, key);
  }
}
