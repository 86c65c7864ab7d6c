// SPDX-License-Identifier: Apache-2.0
package org.flinksec.kafka;

import java.nio.charset.StandardCharsets;
import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.flink.kafka.shaded.org.apache.kafka.clients.producer.ProducerRecord;
import org.flinksec.json.JsonDecodingException;
import org.flinksec.json.JsonText;

/**
 * Writes strings that are JSON objects as values of Kafka records, keyed by one of their fields.
 */
public final class JsonTextSerializationSchema implements KafkaRecordSerializationSchema<String> {
  private static final long serialVersionUID = 1L;

  private final String topic;
  private final String keyField;
  private final JsonText text;

  private JsonTextSerializationSchema(String topic, String keyField) {
    this.topic = topic;
    this.keyField = keyField;
    this.text = new JsonText(keyField, "key field");
  }

  /**
   * @param topic the topic that all records go to
   * @param keyField the field whose text form, in UTF-8, becomes the record's key; null or empty
   *     for records without a key. A document in which it is null gives a record without a key.
   */
  public static JsonTextSerializationSchema of(String topic, String keyField) {
    return new JsonTextSerializationSchema(
        topic, keyField == null || keyField.isEmpty() ? null : keyField);
  }

  /**
   * @throws UnwritableRecordException if the string is not a JSON object, or lacks the key
   */
  @Override
  public ProducerRecord<byte[], byte[]> serialize(
      String json, KafkaSinkContext context, Long timestamp) {
    JsonText.Document document;
    try {
      document = text.read(json);
    } catch (JsonDecodingException e) {
      throw new UnwritableRecordException(topic, e.getMessage());
    }
    if (keyField != null && !document.found()) {
      throw new UnwritableRecordException(topic, "it has no key field '%s'".formatted(keyField));
    }
    return new ProducerRecord<>(
        topic,
        null,
        RowSerializationSchema.time(timestamp),
        document.value() == null ? null : utf8(document.value()),
        utf8(document.line()));
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
