// SPDX-License-Identifier: Apache-2.0
package org.flinksec.tables;

import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.connector.ChangelogMode;
import org.apache.flink.table.connector.sink.DynamicTableSink;
import org.apache.flink.table.connector.sink.SinkV2Provider;
import org.apache.flink.types.RowKind;

/**
 * A table of Elasticsearch, written by the sink of streams.
 *
 * <p>With a primary key a row is the document with its id: what a query changes is written anew,
 * and what it takes away is deleted. Flink brings all changes of one key to one subtask, in their
 * order, and the sink keeps the order of an id. Rows that say where they were before a change do
 * not come here, so what chooses the place of a document must not change: it is part of the key, or
 * no row changes.
 */
final class ElasticsearchTableSink implements DynamicTableSink {
  private final ElasticsearchOptions options;

  ElasticsearchTableSink(ElasticsearchOptions options) {
    this.options = options;
  }

  /**
   * @throws ValidationException if the query changes rows in a way that no document could follow
   */
  @Override
  public ChangelogMode getChangelogMode(ChangelogMode requested) {
    boolean changes = !requested.containsOnly(RowKind.INSERT);
    String onlyInserts = onlyInserts();
    if (changes && onlyInserts != null) {
      throw refused("changes rows", onlyInserts);
    }
    if (onlyInserts != null) {
      return ChangelogMode.insertOnly();
    }
    if (!options.isVersioned()) {
      return ChangelogMode.upsert(false); // whole rows, for the columns that are read of them
    }
    if (requested.contains(RowKind.DELETE)) {
      throw refused(
          "deletes rows", "has 'version-field', and a row that goes away has no newer version");
    }
    return ChangelogMode.newBuilder()
        .addContainedKind(RowKind.INSERT)
        .addContainedKind(RowKind.UPDATE_AFTER)
        .build();
  }

  /** Why the table takes new rows alone; null if it takes changes. */
  private String onlyInserts() {
    if (!options.hasKey()) {
      return "has no PRIMARY KEY, which would say which document changes: declare one";
    }
    if (options.inserting() != null) {
      return "has %s, which is for rows that do not change".formatted(options.inserting());
    }
    return options.placedBy().isEmpty()
        ? null
        : "chooses index or shard by '%s', outside of the PRIMARY KEY: after a change there the document of before would stay where it was; put it into the key"
            .formatted(String.join("', '", options.placedBy()));
  }

  private ValidationException refused(String does, String why) {
    return new ValidationException(
        "the query %s, and the table %s %s".formatted(does, options.table(), why));
  }

  @Override
  public SinkRuntimeProvider getSinkRuntimeProvider(Context context) {
    return SinkV2Provider.of(
        options.sink(context.createDataStructureConverter(options.external())),
        options.parallelism());
  }

  @Override
  public DynamicTableSink copy() {
    return new ElasticsearchTableSink(options);
  }

  @Override
  public String asSummaryString() {
    return "Elasticsearch " + options.index();
  }
}
