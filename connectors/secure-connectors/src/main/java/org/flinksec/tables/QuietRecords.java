// SPDX-License-Identifier: Apache-2.0
package org.flinksec.tables;

import org.apache.flink.api.common.serialization.SerializationSchema.InitializationContext;
import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.flink.kafka.shaded.org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.flink.table.data.RowData;
import org.flinksec.badrecords.UnencodableException;
import org.flinksec.kafka.UnwritableRecordException;
import org.flinksec.schemaregistry.SchemaRegistryException;

/** Encodes rows as Flink does; what fails is told without the row, which Flink's formats quote. */
final class QuietRecords implements KafkaRecordSerializationSchema<RowData> {
  private static final long serialVersionUID = 1L;

  private final KafkaRecordSerializationSchema<RowData> flinks;
  private final String topic;

  QuietRecords(KafkaRecordSerializationSchema<RowData> flinks, String topic) {
    this.flinks = flinks;
    this.topic = topic;
  }

  @Override
  public void open(InitializationContext context, KafkaSinkContext sinkContext) throws Exception {
    flinks.open(context, sinkContext);
  }

  @Override
  public ProducerRecord<byte[], byte[]> serialize(
      RowData row, KafkaSinkContext context, Long timestamp) {
    try {
      return flinks.serialize(row, context, timestamp);
    } catch (SchemaRegistryException e) {
      throw e; // no record is to blame
    } catch (RuntimeException e) {
      Throwable deepest = e;
      while (deepest.getCause() != null && deepest.getCause() != deepest) {
        deepest = deepest.getCause();
      }
      if (deepest instanceof UnencodableException ours) {
        throw new UnwritableRecordException(topic, ours.getMessage());
      }
      throw new UnwritableRecordException(
          topic,
          "its row does not fit the format (%s)".formatted(deepest.getClass().getSimpleName()));
    }
  }
}
