// SPDX-License-Identifier: Apache-2.0

import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.config.AbstractConfig;
import org.apache.kafka.common.security.JaasContext;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * Prints which password Kafka's own clients log in with, given a file of properties. Kafka itself
 * logs the properties in between.
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
  }

  private static void print(String client, AbstractConfig config) {
    JaasContext context = JaasContext.loadClientContext(config.values());
    Map<String, ?> options = context.configurationEntries().get(0).getOptions();
    System.out.println(
        "> " + client + "\t" + options.get("username") + "\t" + options.get("password"));
  }
}
