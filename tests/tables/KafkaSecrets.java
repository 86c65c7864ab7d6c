// SPDX-License-Identifier: Apache-2.0

import java.io.ByteArrayOutputStream;
import java.io.ObjectOutputStream;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.flink.connector.kafka.sink.KafkaSink;
import org.apache.flink.connector.kafka.source.KafkaSource;
import org.apache.flink.connector.kafka.source.reader.deserializer.KafkaRecordDeserializationSchema;
import org.apache.flink.api.common.serialization.SimpleStringSchema;
import org.apache.flink.kafka.shaded.org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.flink.kafka.shaded.org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.flink.kafka.shaded.org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.config.AbstractConfig;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.security.JaasContext;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.serialization.StringSerializer;

/**
 * Prints which password Kafka's clients log in with, given a file of properties, and a job's source
 * and sink as they travel. Kafka itself logs the properties in between.
 */
public final class KafkaSecrets {
  public static void main(String[] args) throws Exception {
    Properties given = new Properties();
    try (Reader reader = Files.newBufferedReader(Path.of(args[0]))) {
      given.load(reader);
    }
    Map<String, Object> properties = new HashMap<>();
    given.stringPropertyNames().forEach(name -> properties.put(name, given.getProperty(name)));
    print("admin", new AdminClientConfig(properties));
    properties.put("key.deserializer", StringDeserializer.class.getName());
    properties.put("value.deserializer", StringDeserializer.class.getName());
    print("consumer", new ConsumerConfig(properties));
    properties.put("key.serializer", StringSerializer.class.getName());
    properties.put("value.serializer", StringSerializer.class.getName());
    print("producer", new ProducerConfig(properties));
    System.out.println("> graph\t" + travelling(source(given)) + travelling(sink(given)));
  }

  private static void print(String client, AbstractConfig config) {
    JaasContext context = JaasContext.loadClientContext(config.values());
    Map<String, ?> options = context.configurationEntries().get(0).getOptions();
    System.out.println("> " + client + "\t" + options.get("username") + "\t" + options.get("password"));
  }

  private static Object source(Properties properties) {
    return KafkaSource.<String>builder()
        .setProperties(properties)
        .setTopics("t")
        .setDeserializer(KafkaRecordDeserializationSchema.valueOnly(StringDeserializer.class))
        .build();
  }

  private static Object sink(Properties properties) {
    return KafkaSink.<String>builder()
        .setKafkaProducerConfig(properties)
        .setRecordSerializer(
            KafkaRecordSerializationSchema.builder()
                .setTopic("t")
                .setValueSerializationSchema(new SimpleStringSchema())
                .build())
        .build();
  }

  private static String travelling(Object part) throws Exception {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    new ObjectOutputStream(bytes).writeObject(part);
    return bytes.toString(StandardCharsets.US_ASCII).replaceAll("\\p{Cntrl}", " ");
  }
}
