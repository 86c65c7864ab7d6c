// SPDX-License-Identifier: Apache-2.0
package org.flinksec.kafka;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.serialization.DeserializationSchema.InitializationContext;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.java.typeutils.RowTypeInfo;
import org.apache.flink.connector.kafka.source.reader.deserializer.KafkaRecordDeserializationSchema;
import org.apache.flink.kafka.shaded.org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.SimpleCounter;
import org.apache.flink.types.Row;
import org.apache.flink.util.Collector;
import org.flinksec.json.JsonDecodingException;
import org.flinksec.json.JsonToRow;
import org.flinksec.json.RowTypes;
import org.flinksec.logging.LimitedWarnings;
import org.slf4j.LoggerFactory;

/**
 * Decodes the JSON value of Kafka records into rows, and fills fields from the record's metadata.
 *
 * <p>Records left out are counted in the metric {@code flinksec.undecodableRecords}.
 */
public final class JsonRowDeserializationSchema implements KafkaRecordDeserializationSchema<Row> {
  private static final long serialVersionUID = 1L;

  private final RowTypeInfo type;
  private final JsonToRow json;
  private final ArrayList<RecordMetadata> metadata;
  private final UndecodableRecordPolicy policy;
  private transient Counter undecodable;
  private transient LimitedWarnings warnings;

  private JsonRowDeserializationSchema(
      RowTypeInfo type,
      JsonToRow json,
      List<RecordMetadata> metadata,
      UndecodableRecordPolicy policy) {
    this.type = type;
    this.json = json;
    this.metadata = new ArrayList<>(metadata);
    this.policy = policy;
  }

  /**
   * @param rowType a row type with names
   * @param metadata row field to {@code topic}, {@code partition}, {@code offset}, {@code
   *     timestamp} or {@code key}; a field named here is never read from the document
   * @param required fields that must be in the document and not null
   * @param onUndecodable {@code fail} or {@code skip}
   * @throws IllegalArgumentException if a name, a type or the policy does not fit
   */
  public static JsonRowDeserializationSchema of(
      TypeInformation<?> rowType,
      Map<String, String> metadata,
      List<String> required,
      String onUndecodable) {
    RowTypeInfo type = RowTypes.require(rowType);
    List<RecordMetadata> fields = new ArrayList<>();
    metadata.forEach(
        (field, source) -> {
          int position = RowTypes.position(type, field, "metadata");
          fields.add(new RecordMetadata(position, source, type.getTypeAt(position)));
        });
    List<String> inDocument =
        required.stream().filter(name -> !metadata.containsKey(name)).toList();
    return new JsonRowDeserializationSchema(
        type,
        new JsonToRow(type, inDocument, metadata.keySet()),
        fields,
        UndecodableRecordPolicy.parse(onUndecodable));
  }

  @Override
  public void open(InitializationContext context) {
    undecodable = context.getMetricGroup().addGroup("flinksec").counter("undecodableRecords");
  }

  @Override
  public void deserialize(ConsumerRecord<byte[], byte[]> record, Collector<Row> out)
      throws UndecodableRecordException {
    Row row;
    try {
      row = json.read(record.value());
    } catch (JsonDecodingException e) {
      reject(new UndecodableRecordException(record, e));
      return;
    }
    for (RecordMetadata field : metadata) {
      row.setField(field.position(), field.of(record));
    }
    out.collect(row);
  }

  private void reject(UndecodableRecordException problem) throws UndecodableRecordException {
    if (policy == UndecodableRecordPolicy.FAIL) {
      throw problem;
    }
    if (warnings == null) {
      warnings = new LimitedWarnings(LoggerFactory.getLogger(JsonRowDeserializationSchema.class));
    }
    undecodable = undecodable == null ? new SimpleCounter() : undecodable;
    undecodable.inc();
    warnings.warn("Left out, as on_undecodable = \"skip\" says: " + problem.getMessage());
  }

  /** How many records this instance has left out. */
  long undecodable() {
    return undecodable == null ? 0 : undecodable.getCount();
  }

  @Override
  public TypeInformation<Row> getProducedType() {
    return type;
  }
}
