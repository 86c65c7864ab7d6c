// SPDX-License-Identifier: Apache-2.0
package org.flinksec.elasticsearch;

import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.sink2.SinkWriter;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import org.apache.flink.connector.base.sink.writer.BufferedRequestState;
import org.apache.flink.types.Row;
import org.apache.flink.util.ExceptionUtils;
import org.flinksec.Serialized;
import org.flinksec.badrecords.BadRecordException;
import org.flinksec.badrecords.LetterPolicy;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** What the tests of the sink's writer share: a server that answers as told, and writers to it. */
abstract class SinkAgainstAFake {
  static final TypeInformation<Row> TYPE =
      Types.ROW_NAMED(new String[] {"id", "n"}, Types.STRING, Types.LONG);

  final Map<String, String> config = new HashMap<>();
  FakeElasticsearch elasticsearch;

  @BeforeEach
  void start() throws IOException {
    elasticsearch = new FakeElasticsearch(null);
    config.put("hosts", "http://localhost:" + elasticsearch.port());
    config.put("index", "flights");
    config.put("id_field", "id");
  }

  @AfterEach
  void stop() {
    elasticsearch.close();
  }

  ElasticsearchSinkWriter<Row> writer() throws IOException {
    return writer(List.of());
  }

  ElasticsearchSinkWriter<Row> writer(List<BufferedRequestState<DocumentRequest>> states)
      throws IOException {
    return writer(TYPE, states);
  }

  ElasticsearchSinkWriter<Row> writer(
      TypeInformation<Row> type, List<BufferedRequestState<DocumentRequest>> states)
      throws IOException {
    Sink<Row> made = ElasticsearchSinks.forRows(config, type);
    if (config.containsKey("dead_letter_index")) {
      LetterPolicy policy =
          LetterPolicy.ofIndex("of-documents", config.get("dead_letter_index"), 0, 1000);
      ElasticsearchSinks.withIndexedLetters(made, policy, false);
    }
    ElasticsearchSink<Row> sink = Serialized.copy((ElasticsearchSink<Row>) made);
    return (ElasticsearchSinkWriter<Row>) sink.restoreWriter(context(), states);
  }

  WriterInitContext context() {
    return new OneMailbox();
  }

  static void write(SinkWriter<Row> writer, Row... rows) throws Exception {
    for (Row row : rows) {
      writer.write(row, null);
    }
  }

  static String sinkFailure(Throwable thrown) {
    return ExceptionUtils.findThrowable(
            thrown, e -> e instanceof ElasticsearchSinkException || e instanceof BadRecordException)
        .orElseThrow(() -> new AssertionError("no failure of the sink", thrown))
        .getMessage();
  }
}
