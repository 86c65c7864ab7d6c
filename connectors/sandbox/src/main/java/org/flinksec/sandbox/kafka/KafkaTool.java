// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sandbox.kafka;

import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Properties;
import org.flinksec.sandbox.Answers;

/**
 * Kafka's clients as one program: {@code CLIENT_PROPERTIES COMMAND ARGUMENT...}
 *
 * <ul>
 *   <li>{@code create PRINCIPAL PREFIX TOPIC=PARTITIONS...}: topics, and the principal's rights
 *   <li>{@code produce TOPIC}: lines {@code timestamp TAB key TAB value} of standard input
 *   <li>{@code consume TOPIC}: the values up to the present end, a line each
 *   <li>{@code size TOPIC}: how many records are between beginning and end
 *   <li>{@code limit PRINCIPAL BYTES}: how much a second its consumers get; 0 for no limit
 * </ul>
 */
public final class KafkaTool {
  private KafkaTool() {}

  /** Runs one command. */
  public static void main(String[] arguments) {
    Answers.exitAfter(
        () -> {
          Properties client = read(Path.of(arguments[0]));
          List<String> rest = List.of(arguments).subList(2, arguments.length);
          switch (arguments[1]) {
            case "create" -> TopicsAndRights.create(client, rest);
            case "produce" -> Records.produce(client, rest.get(0));
            case "consume" -> Records.consume(client, rest.get(0));
            case "size" -> Records.size(client, rest.get(0));
            case "limit" -> Limits.limit(client, rest.get(0), Long.parseLong(rest.get(1)));
            default -> throw new IllegalArgumentException("no such command: " + arguments[1]);
          }
          return null;
        });
  }

  private static Properties read(Path path) throws IOException {
    Properties properties = new Properties();
    try (Reader reader = Files.newBufferedReader(path)) {
      properties.load(reader);
    }
    return properties;
  }
}
