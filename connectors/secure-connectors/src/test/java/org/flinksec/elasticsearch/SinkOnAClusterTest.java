// SPDX-License-Identifier: Apache-2.0
package org.flinksec.elasticsearch;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URL;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.source.Boundedness;
import org.apache.flink.connector.testframe.environment.MiniClusterTestEnvironment;
import org.apache.flink.connector.testframe.environment.TestEnvironmentSettings;
import org.apache.flink.connector.testframe.external.ExternalContextFactory;
import org.apache.flink.connector.testframe.external.ExternalSystemDataReader;
import org.apache.flink.connector.testframe.external.sink.DataStreamSinkV2ExternalContext;
import org.apache.flink.connector.testframe.external.sink.TestingSinkSettings;
import org.apache.flink.connector.testframe.junit.annotations.TestContext;
import org.apache.flink.connector.testframe.junit.annotations.TestEnv;
import org.apache.flink.connector.testframe.junit.annotations.TestSemantics;
import org.apache.flink.connector.testframe.source.FromElementsSource;
import org.apache.flink.connector.testframe.testsuites.SinkTestSuiteBase;
import org.apache.flink.core.execution.CheckpointingMode;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.runtime.testutils.CommonTestUtils;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Flink's own suite of tests for sinks, and restores of what was in flight, on its MiniCluster. */
@Timeout(300)
class SinkOnAClusterTest extends SinkTestSuiteBase<String> {
  @TestSemantics final CheckpointingMode[] semantics = {CheckpointingMode.AT_LEAST_ONCE};

  @TestEnv final MiniClusterTestEnvironment flink = new MiniClusterTestEnvironment();

  @TestContext final ExternalContextFactory<Documents> documents = testName -> new Documents();

  /** One server for each of the suite's tests. */
  static final class Documents implements DataStreamSinkV2ExternalContext<String> {
    private final FakeElasticsearch elasticsearch;

    Documents() {
      try {
        elasticsearch = new FakeElasticsearch(null);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    Sink<String> sink(Map<String, String> more) {
      Map<String, String> config =
          new HashMap<>(
              Map.of(
                  "hosts",
                  "http://localhost:" + elasticsearch.port(),
                  "index",
                  "flights",
                  "id_field",
                  "id"));
      config.putAll(more);
      return ElasticsearchSinks.forJson(config);
    }

    @Override
    public Sink<String> createSink(TestingSinkSettings settings) {
      return sink(Map.of("flush_interval", "50"));
    }

    @Override
    public ExternalSystemDataReader<String> createSinkDataReader(TestingSinkSettings settings) {
      Set<String> seen = new HashSet<>();
      return new ExternalSystemDataReader<>() {
        @Override
        public List<String> poll(Duration timeout) {
          return elasticsearch.documents().values().stream().filter(seen::add).toList();
        }

        @Override
        public void close() {}
      };
    }

    @Override
    public List<String> generateTestData(TestingSinkSettings settings, long seed) {
      Random random = new Random(seed);
      List<String> made = new ArrayList<>();
      for (int id = 0; id < 100; id++) {
        made.add("{\"id\":%d,\"n\":%d}".formatted(id, random.nextLong()));
      }
      return made;
    }

    @Override
    public TypeInformation<String> getProducedType() {
      return Types.STRING;
    }

    @Override
    public List<URL> getConnectorJarPaths() {
      return List.of();
    }

    @Override
    public void close() {
      elasticsearch.close();
    }
  }

  /**
   * The source has emitted all before the savepoint, and would go on with others: what arrives
   * later was in the state.
   */
  @Test
  void whatIsInFlightSurvivesARestoreWithMoreAndWithFewerWriters() throws Exception {
    for (int writers : new int[] {3, 1}) {
      try (Documents server = new Documents()) {
        List<String> all = server.generateTestData(null, writers);
        server.elasticsearch.requestStatus(request -> 503);
        JobClient first = run(server, all, 2, null);
        // Requests fail and are tried again; the rest waits, and nothing is in.
        CommonTestUtils.waitUntilCondition(() -> server.elasticsearch.requests().size() > 10, 20L);
        String savepoint =
            first
                .triggerSavepoint(flink.getCheckpointUri(), SavepointFormatType.CANONICAL)
                .get(300, TimeUnit.SECONDS);
        CommonTestUtils.terminateJob(first);
        assertThat(server.elasticsearch.documents()).isEmpty();
        server.elasticsearch.requestStatus(request -> 200);
        List<String> others = all.stream().map(one -> one.replace("\"id\":", "\"id\":9")).toList();
        JobClient second = run(server, others, writers, savepoint);
        CommonTestUtils.waitUntilCondition(
            () -> server.elasticsearch.documents().size() == all.size(), 20L);
        assertThat(server.elasticsearch.documents().values()).hasSameElementsAs(all);
        CommonTestUtils.terminateJob(second);
      }
    }
  }

  private JobClient run(Documents server, List<String> all, int writers, String savepoint)
      throws Exception {
    TestEnvironmentSettings.Builder settings =
        TestEnvironmentSettings.builder().setConnectorJarPaths(List.of());
    if (savepoint != null) {
      settings.setSavepointRestorePath(savepoint);
    }
    StreamExecutionEnvironment environment = flink.createExecutionEnvironment(settings.build());
    environment
        .fromSource(
            new FromElementsSource<>(Boundedness.CONTINUOUS_UNBOUNDED, all, all.size()),
            WatermarkStrategy.noWatermarks(),
            "source")
        .setParallelism(1)
        .uid("source")
        .returns(Types.STRING)
        .sinkTo(
            server.sink(
                Map.of("flush_interval", "50", "max_batch_size", "10", "max_in_flight", "2")))
        .setParallelism(writers)
        .uid("sink");
    return environment.executeAsync("restore");
  }
}
