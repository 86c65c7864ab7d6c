// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sandbox.kafka;

import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Properties;
import org.flinksec.sandbox.Conversation;
import org.flinksec.sandbox.logins.ScramUsers;

/**
 * Kafka's clients as one program, which is asked {@code CLIENT_PROPERTIES COMMAND ARGUMENT...} as
 * often as one likes: see {@link Conversation}.
 *
 * <ul>
 *   <li>{@code create PRINCIPAL PREFIX TOPIC=PARTITIONS...}: topics, and the principal's rights;
 *       tells for each whether it is {@code new} or {@code there} already
 *   <li>{@code topics}: lines {@code name TAB partitions TAB records}, Kafka's own left out
 *   <li>{@code produce TOPIC}: lines {@code timestamp TAB key TAB value} are given; without a
 *       timestamp it is the present, without a key there is none
 *   <li>{@code produce-whole TOPIC}: the same with key and value in Base64, or {@code -} for null;
 *       behind them the headers, a name and a value each, in Base64
 *   <li>{@code consume TOPIC}: the values up to the present end, a line each
 *   <li>{@code records TOPIC MAX}: the first of them whole, as lines {@code partition TAB offset
 *       TAB timestamp TAB key TAB value}, key, value and headers as of {@code produce-whole}
 *   <li>{@code size TOPIC}: how many records are between beginning and end
 *   <li>{@code passwords DIRECTORY}: the users' passwords are what the files there hold now
 *   <li>{@code revoke PRINCIPAL TOPIC}: the principal has no right on the topic any more
 *   <li>{@code limit PRINCIPAL BYTES}: how much a second its consumers get; 0 for no limit
 * </ul>
 */
public final class KafkaTool {
  private KafkaTool() {}

  /** Answers until standard input ends. */
  public static void main(String[] none) {
    Conversation.hold(KafkaTool::answer);
  }

  private static void answer(
      List<String> arguments, Conversation.Given given, Conversation.Told told) throws Exception {
    Properties client = read(Path.of(arguments.get(0)));
    List<String> rest = arguments.subList(2, arguments.size());
    switch (arguments.get(1)) {
      case "create" -> TopicsAndRights.create(client, rest, told);
      case "topics" -> TopicsAndRights.list(client, told);
      case "produce" -> Records.produce(client, rest.get(0), given, told);
      case "produce-whole" -> Records.produceWhole(client, rest.get(0), given, told);
      case "consume" -> Records.consume(client, rest.get(0), told);
      case "records" -> Records.records(client, rest.get(0), Long.parseLong(rest.get(1)), told);
      case "size" -> Records.size(client, rest.get(0), told);
      case "passwords" -> ScramUsers.set(client, Path.of(rest.get(0)));
      case "revoke" -> TopicsAndRights.revoke(client, rest.get(0), rest.get(1));
      case "limit" -> Limits.limit(client, rest.get(0), Long.parseLong(rest.get(1)));
      default -> throw new IllegalArgumentException("no such command: " + arguments.get(1));
    }
  }

  private static Properties read(Path path) throws IOException {
    Properties properties = new Properties();
    try (Reader reader = Files.newBufferedReader(path)) {
      properties.load(reader);
    }
    return properties;
  }
}
