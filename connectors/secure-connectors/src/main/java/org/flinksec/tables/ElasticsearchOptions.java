// SPDX-License-Identifier: Apache-2.0
package org.flinksec.tables;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.java.typeutils.RowTypeInfo;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.node.JsonNodeFactory;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.node.ObjectNode;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.catalog.UniqueConstraint;
import org.apache.flink.table.connector.sink.DynamicTableSink.DataStructureConverter;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.factories.DynamicTableFactory;
import org.apache.flink.table.factories.FactoryUtil;
import org.apache.flink.table.types.DataType;
import org.apache.flink.table.types.logical.LogicalTypeFamily;
import org.apache.flink.table.types.utils.TypeConversions;
import org.flinksec.badrecords.OnBadRecord;
import org.flinksec.elasticsearch.ElasticsearchSinks;
import org.flinksec.elasticsearch.IndexName;
import org.flinksec.rows.TableTypes;

/**
 * The options of a table of {@code flinksec-elasticsearch}, and the sink that they make.
 *
 * <p>They are the arguments of {@code to_elasticsearch}, with dashes. The id is the primary key;
 * where the servers are and who the job is come from the settings.
 */
final class ElasticsearchOptions {
  static final String NAME = "flinksec-elasticsearch";

  private static final String ON_ERROR = KafkaOptions.ON_ERROR;
  private static final String INDEX = "index";
  private static final String OPERATION = "operation";
  private static final String VERSION_CONFLICT = "version-conflict";
  private static final String EXCLUDE = "exclude";
  private static final String LETTERS = "dead-letter-index";
  private static final String TEMPLATES = "dynamic-templates.";
  private static final String PARALLELISM = FactoryUtil.SINK_PARALLELISM.key();

  /** Those that the sink takes as they are, with underscores. */
  private static final List<String> PLAIN =
      List.of(
          OPERATION,
          "operation-field",
          "routing-field",
          "version-field",
          LETTERS,
          "pipeline",
          "omit-nulls",
          "require-alias",
          "script",
          "stored-script");

  private final String table;
  private final DataType columns;
  private final Map<String, String> said;
  private final ElasticsearchOfTables elasticsearch;
  private final List<String> key;
  private final IndexName index;
  private final RowTypeInfo rows;

  private ElasticsearchOptions(
      DynamicTableFactory.Context context, ElasticsearchOfTables elasticsearch) {
    this.table = context.getObjectIdentifier().getObjectName();
    this.columns = context.getPhysicalRowDataType();
    this.said = new TreeMap<>(context.getCatalogTable().getOptions());
    this.elasticsearch = elasticsearch;
    this.key =
        context
            .getCatalogTable()
            .getResolvedSchema()
            .getPrimaryKey()
            .map(UniqueConstraint::getColumns)
            .orElse(List.of());
    this.index = IndexName.parse(needed(INDEX));
    this.rows =
        TableTypes.columns(TypeConversions.fromLogicalToDataType(columns.getLogicalType()))
            .rowType();
  }

  /**
   * Reads and judges them.
   *
   * @throws ValidationException if one is unknown, missing, or does not fit the columns
   * @throws IllegalArgumentException likewise
   */
  static ElasticsearchOptions of(
      DynamicTableFactory.Context context, ElasticsearchOfTables elasticsearch) {
    if (elasticsearch.settings() == null) {
      throw new ValidationException(
          "tables of '%s' need the section [elasticsearch] in the settings".formatted(NAME));
    }
    ElasticsearchOptions options = new ElasticsearchOptions(context, elasticsearch);
    options.check();
    return options;
  }

  String table() {
    return table;
  }

  String index() {
    return index.written();
  }

  boolean hasKey() {
    return !key.isEmpty();
  }

  /** The columns, besides the key, that choose where a document is. */
  List<String> placedBy() {
    return Stream.concat(index.fields().stream(), Stream.ofNullable(said.get("routing-field")))
        .filter(column -> !key.contains(column))
        .distinct()
        .sorted()
        .toList();
  }

  /** The option whose rows are not changes of a table but say themselves what is done; or null. */
  String inserting() {
    String operation = said.getOrDefault(OPERATION, INDEX);
    if (operation.equals("create") || operation.equals("delete")) {
      return "'%s' = '%s'".formatted(OPERATION, operation);
    }
    return said.containsKey("operation-field") ? "'operation-field'" : null;
  }

  boolean isVersioned() {
    return said.containsKey("version-field");
  }

  /** How many subtasks write; null for as many as there are before. */
  Integer parallelism() {
    String number = said.get(PARALLELISM);
    if (number == null) {
      return null;
    }
    try {
      int parsed = Integer.parseInt(number);
      if (parsed > 0) {
        return parsed;
      }
    } catch (NumberFormatException e) {
      // falls through to the same complaint
    }
    throw new ValidationException("'%s' is no whole number from 1".formatted(PARALLELISM));
  }

  /**
   * @param converter from the rows of the table to those of {@link #external}
   */
  Sink<RowData> sink(DataStructureConverter converter) {
    RowsOfTable toRow = new RowsOfTable(converter, noDeletes());
    Sink<RowData> sink = ElasticsearchSinks.forElements(flat(), rows, toRow);
    if (onError() != OnBadRecord.DEAD_LETTER) {
      return sink;
    }
    String letters = said.get(LETTERS);
    if (letters != null) {
      ElasticsearchSinks.withIndexedLetters(sink, elasticsearch.inIndex(letters), false);
    } else {
      Map<String, String> producer = elasticsearch.producer(cluster());
      ElasticsearchSinks.withLetters(sink, elasticsearch.letters(), producer, false);
    }
    return sink;
  }

  /** Why what a row was before a change must not delete; null if it may. */
  private String noDeletes() {
    String operation = said.getOrDefault(OPERATION, INDEX);
    if (!isVersioned() && operation.equals(INDEX)) {
      return null;
    }
    String option = isVersioned() ? "version-field" : OPERATION;
    return "the query takes rows of the table %s away by a condition on what changes, and that goes with no '%s': leave the option out, or write rows on which the condition does not hold, too"
        .formatted(table, option);
  }

  /** The columns, with the classes that streams have. */
  DataType external() {
    return TypeConversions.fromLogicalToDataType(columns.getLogicalType());
  }

  private void check() {
    for (String column : key) {
      DataType type = DataType.getFieldDataTypes(columns).get(names().indexOf(column));
      if (type.getLogicalType().is(LogicalTypeFamily.APPROXIMATE_NUMERIC)
          || type.getLogicalType().is(LogicalTypeFamily.BINARY_STRING)
          || type.getLogicalType().is(LogicalTypeFamily.CONSTRUCTED)) {
        throw new ValidationException(
            "the column '%s' of the PRIMARY KEY has the type %s, which has no one text form for an id; use STRING, BIGINT, INT, BOOLEAN, DECIMAL, DATE or TIMESTAMP_LTZ"
                .formatted(column, type.getLogicalType().asSummaryString()));
      }
    }
    String operation = said.getOrDefault(OPERATION, INDEX);
    if (!hasKey() && Stream.of("update", "upsert", "delete").anyMatch(operation::equals)) {
      throw new ValidationException(
          "'%s' = '%s' needs a PRIMARY KEY, which is the id of the document"
              .formatted(OPERATION, operation));
    }
    if (!hasKey() && (isVersioned() || said.containsKey("operation-field"))) {
      throw new ValidationException(
          "'version-field' and 'operation-field' need a PRIMARY KEY, which is the id of the"
              + " document");
    }
    parallelism();
    checkLetters();
    List<String> left =
        said.keySet().stream()
            .filter(option -> !PLAIN.contains(option) && !option.startsWith(TEMPLATES))
            .filter(
                option ->
                    !List.of(
                            FactoryUtil.CONNECTOR.key(),
                            INDEX,
                            ON_ERROR,
                            KafkaOptions.CLUSTER,
                            VERSION_CONFLICT,
                            EXCLUDE,
                            PARALLELISM)
                        .contains(option))
            .toList();
    if (!left.isEmpty()) {
      throw new ValidationException(
          "tables of '%s' have no option '%s'".formatted(NAME, String.join("', '", left)));
    }
    for (String column : excluded()) {
      if (!names().contains(column)) {
        throw new ValidationException(
            "'%s' names '%s', which is no column".formatted(EXCLUDE, column));
      }
    }
    // What is left is judged by the sink; here, so that it is told before anything is planned.
    ElasticsearchSinks.forElements(flat(), rows, row -> null);
  }

  private void checkLetters() {
    boolean kept = onError() == OnBadRecord.DEAD_LETTER;
    String letters = said.get(LETTERS);
    if (letters == null) {
      if (kept) {
        elasticsearch.producer(cluster());
      }
      return;
    }
    if (!kept) {
      throw new ValidationException(
          "'%s' keeps dead letters, and '%s' is not 'dead_letter'".formatted(LETTERS, ON_ERROR));
    }
    if (letters.equals(index.written())) {
      throw new ValidationException(
          "'%s' is '%s', which the documents go to".formatted(LETTERS, letters));
    }
    IndexName.requireOne(letters, LETTERS);
  }

  private List<String> names() {
    return DataType.getFieldNames(columns);
  }

  private List<String> excluded() {
    return Stream.of(said.getOrDefault(EXCLUDE, "").split(";"))
        .map(String::strip)
        .filter(name -> !name.isEmpty())
        .toList();
  }

  private String cluster() {
    return said.getOrDefault(KafkaOptions.CLUSTER, "");
  }

  private OnBadRecord onError() {
    return KafkaOptions.onError(said);
  }

  private String needed(String option) {
    String value = said.get(option);
    if (value == null || value.isBlank()) {
      throw new ValidationException("a table of '%s' needs '%s'".formatted(NAME, option));
    }
    return value;
  }

  private Map<String, String> flat() {
    Map<String, String> flat = new HashMap<>(elasticsearch.settings());
    flat.putAll(index.options());
    for (String option : PLAIN) {
      if (said.containsKey(option)) {
        flat.put(option.replace('-', '_'), said.get(option));
      }
    }
    flat.put("on_error", onError().word());
    flat.put("max_skipped_in_a_row", String.valueOf(elasticsearch.mostSkipped()));
    if (hasKey()) {
      flat.put(key.size() > 1 ? "id_fields" : "id_field", String.join("\n", key));
    }
    flat.put(EXCLUDE, String.join("\n", excluded()));
    String conflict = said.getOrDefault(VERSION_CONFLICT, "success");
    if (!List.of("success", "bad").contains(conflict)) {
      throw new ValidationException(
          "'%s' = '%s' is none of 'success', 'bad'".formatted(VERSION_CONFLICT, conflict));
    }
    flat.put("version_conflict_is_success", String.valueOf(conflict.equals("success")));
    ObjectNode templates = JsonNodeFactory.instance.objectNode();
    List<String> named = new ArrayList<>(said.keySet());
    named.removeIf(option -> !option.startsWith(TEMPLATES));
    named.forEach(option -> templates.put(option.substring(TEMPLATES.length()), said.get(option)));
    if (!named.isEmpty()) {
      flat.put("dynamic_templates", templates.toString());
    }
    return flat;
  }
}
