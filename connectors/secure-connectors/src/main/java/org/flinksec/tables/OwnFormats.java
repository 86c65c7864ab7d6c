// SPDX-License-Identifier: Apache-2.0
package org.flinksec.tables;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.connector.ChangelogMode;
import org.flinksec.avro.AvroReading;
import org.flinksec.avro.AvroWriting;
import org.flinksec.formats.debezium.DebeziumDecoder;
import org.flinksec.formats.debezium.DebeziumEncoder;
import org.flinksec.formats.protobuf.ProtobufDecoder;
import org.flinksec.formats.protobuf.ProtobufEncoder;

/**
 * The formats of a table that are those of streams, not Flink's: {@code avro}, {@code protobuf} and
 * {@code debezium}. Their options are those of streams, with dashes: {@code avro.schema-file}.
 *
 * @param flinks the options of the table without theirs; in their place is a format of Flink's that
 *     has the same kinds of rows
 * @param key null where the key has none of them
 * @param value null where the value has none of them
 */
record OwnFormats(Map<String, String> flinks, RecordFormat key, RecordFormat value) {
  private static final int LARGEST_FILE = 16 << 20;
  private static final Map<String, Integer> PER_SECOND =
      Map.of("ms", 1_000, "us", 1_000_000, "ns", 1_000_000_000);
  private static final Map<String, String> PLACEHOLDERS =
      Map.of("avro", "json", "protobuf", "json", "debezium", "debezium-json");

  /**
   * @param options of the table
   * @param topics between semicolons; empty for a pattern
   * @throws ValidationException if an option is unknown, missing or wrong
   */
  static OwnFormats of(Map<String, String> options, String topics, RegistryOfTables registry) {
    Map<String, String> left = new HashMap<>(options);
    RecordFormat key = taken(left, "key.format", "key.", topics, registry);
    RecordFormat value = taken(left, "value.format", "value.", topics, registry);
    RecordFormat alone = taken(left, "format", "", topics, registry);
    return new OwnFormats(left, key, value == null ? alone : value);
  }

  private static RecordFormat taken(
      Map<String, String> left,
      String option,
      String prefix,
      String topics,
      RegistryOfTables registry) {
    String name = left.get(option);
    if (name == null || !PLACEHOLDERS.containsKey(name)) {
      return null;
    }
    String before = prefix + name + ".";
    Map<String, String> own = new HashMap<>();
    left.forEach(
        (key, value) -> {
          if (key.startsWith(before)) {
            own.put(key.substring(before.length()), value);
          }
        });
    own.keySet().forEach(key -> left.remove(before + key));
    left.put(option, PLACEHOLDERS.get(name));
    boolean isKey = prefix.equals("key.");
    RecordFormat made =
        switch (name) {
          case "avro" -> avro(own, topics, isKey ? "key" : "value", registry);
          case "protobuf" -> protobuf(own);
          default -> debezium(own);
        };
    if (!own.isEmpty()) {
      throw new ValidationException(
          "the format '%s' has no option %s"
              .formatted(name, String.join(", ", new TreeSet<>(own.keySet()))));
    }
    return made;
  }

  private static RecordFormat avro(
      Map<String, String> own, String topics, String part, RegistryOfTables registry) {
    String file = own.remove("schema-file");
    String name = own.getOrDefault("record-name", "");
    String subject = own.get("subject");
    String naming = own.getOrDefault("subject-naming", registry.naming());
    boolean latest = Boolean.parseBoolean(own.getOrDefault("use-latest", "false"));
    boolean registered =
        Boolean.parseBoolean(own.getOrDefault("registry", String.valueOf(file == null)));
    Set.of("record-name", "subject", "subject-naming", "use-latest", "registry")
        .forEach(own::remove);
    String text = file == null ? "" : new String(read("avro.schema-file", file), UTF_8);
    if (!registered) {
      if (file == null) {
        throw new ValidationException(
            "'avro.registry' = 'false' needs 'avro.schema-file', by which records are read");
      }
      return new RecordFormat(
          AvroReading.bare(text), AvroWriting.bare(text, name), ChangelogMode.insertOnly());
    }
    if (registry.settings() == null) {
      throw new ValidationException(
          "the format 'avro' without 'avro.schema-file' needs the section [schema_registry] in"
              + " the settings");
    }
    String pattern =
        subject != null
            ? subject
            : switch (naming) {
              case "topic_name" -> "{topic}-" + part;
              case "record_name" -> "{}";
              case "topic_record_name" -> "{topic}-{}";
              default ->
                  throw new ValidationException(
                      "'avro.subject-naming' = '%s' is none of topic_name, record_name,"
                              .formatted(naming)
                          + " topic_record_name");
            };
    List<String> names = Stream.of(topics.split(";")).map(String::strip).toList();
    boolean hasTopics = !topics.isBlank();
    // Names of records that are read are their writers': only their topics say the subjects.
    List<String> subjects =
        pattern.contains("{}") || (pattern.contains("{topic}") && !hasTopics)
            ? List.of()
            : names.stream().map(topic -> pattern.replace("{topic}", topic)).distinct().toList();
    AvroReading reading = AvroReading.registered(registry.settings(), subjects);
    AvroWriting writing =
        AvroWriting.registered(
            registry.settings(),
            pattern.replace("{topic}", names.get(0)),
            text,
            name,
            latest,
            registry.register());
    return new RecordFormat(
        (shape, excluded) -> {
          registry.reading().add(reading);
          return reading.of(shape, excluded);
        },
        shape -> {
          if (pattern.contains("{topic}") && (names.size() > 1 || !hasTopics)) {
            throw new IllegalArgumentException(
                "the table has several topics, of which each would have a subject of its own: say"
                    + " 'avro.subject'");
          }
          registry.writing().add(writing);
          return writing.of(shape);
        },
        ChangelogMode.insertOnly());
  }

  private static RecordFormat protobuf(Map<String, String> own) {
    byte[] descriptors =
        read("protobuf.descriptor-file", needed(own, "protobuf", "descriptor-file"));
    String message = needed(own, "protobuf", "message");
    return new RecordFormat(
        ProtobufDecoder.factory(descriptors, message),
        ProtobufEncoder.factory(descriptors, message),
        ChangelogMode.insertOnly());
  }

  private static RecordFormat debezium(Map<String, String> own) {
    String unit = chosen(own, "time-unit", "ms", PER_SECOND.keySet());
    String decimals = chosen(own, "decimals", "text", Set.of("text", "base64"));
    String schema = own.getOrDefault("schema-name", "");
    own.remove("schema-name");
    return new RecordFormat(
        DebeziumDecoder.factory(true, PER_SECOND.get(unit), decimals.equals("base64"), Map.of()),
        DebeziumEncoder.factory("", true, schema),
        ChangelogMode.all());
  }

  private static String chosen(
      Map<String, String> own, String option, String otherwise, Set<String> choices) {
    String said = own.remove(option);
    if (said != null && !choices.contains(said)) {
      throw new ValidationException(
          "'debezium.%s' = '%s' is none of %s"
              .formatted(option, said, String.join(", ", new TreeSet<>(choices))));
    }
    return said == null ? otherwise : said;
  }

  private static String needed(Map<String, String> own, String format, String option) {
    String said = own.remove(option);
    if (said == null || said.isBlank()) {
      throw new ValidationException(
          "the format '%s' needs '%s.%s'".formatted(format, format, option));
    }
    return said;
  }

  private static byte[] read(String option, String path) {
    try {
      if (!Files.isRegularFile(Path.of(path)) || Files.size(Path.of(path)) > LARGEST_FILE) {
        throw new ValidationException(
            "'%s' = '%s' is no file of at most %d bytes".formatted(option, path, LARGEST_FILE));
      }
      return Files.readAllBytes(Path.of(path));
    } catch (IOException | InvalidPathException e) {
      throw new ValidationException(
          "'%s' = '%s' cannot be read (%s)".formatted(option, path, e.getClass().getSimpleName()));
    }
  }
}
