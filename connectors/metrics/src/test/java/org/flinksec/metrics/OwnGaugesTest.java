// SPDX-License-Identifier: Apache-2.0
package org.flinksec.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import javax.management.ObjectName;
import org.apache.flink.api.common.JobID;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.Metric;
import org.apache.flink.metrics.MetricConfig;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.metrics.reporter.MetricReporter;
import org.apache.flink.runtime.clusterframework.types.ResourceID;
import org.apache.flink.runtime.metrics.MetricRegistryImpl;
import org.apache.flink.runtime.metrics.MetricRegistryTestUtils;
import org.apache.flink.runtime.metrics.ReporterSetupBuilder;
import org.apache.flink.runtime.metrics.groups.JobManagerMetricGroup;
import org.apache.flink.runtime.metrics.groups.TaskManagerMetricGroup;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What other reporters are told of, in Flink's own registry. */
class OwnGaugesTest {
  /** A management bean as the sealed file system has it. */
  public interface KeyMXBean {
    String getKeyId();

    long getFailedUnseals();

    long getFailedUnwraps();
  }

  private static final class Key implements KeyMXBean {
    private String id = "key-1";

    @Override
    public String getKeyId() {
      return id;
    }

    @Override
    public long getFailedUnseals() {
      return 3;
    }

    @Override
    public long getFailedUnwraps() {
      return 2;
    }
  }

  /** Another reporter: what it was told, with labels. */
  private static final class Told implements MetricReporter {
    private final Map<String, Gauge<?>> gauges = new TreeMap<>();
    private final Map<Metric, String> ours = new IdentityHashMap<>();

    @Override
    public void open(MetricConfig config) {}

    @Override
    public void close() {}

    @Override
    public void notifyOfAddedMetric(Metric metric, String name, MetricGroup group) {
      if (metric instanceof Gauge<?> gauge) {
        Map<String, String> labels = new HashMap<>(group.getAllVariables());
        labels
            .keySet()
            .removeIf(label -> !List.of("<certificate>", "<login>", "<key>").contains(label));
        gauges.put(name + (labels.isEmpty() ? "" : labels.toString()), gauge);
      }
      String identifier = group.getMetricIdentifier(name);
      if (identifier.contains("flinksec")) {
        assertThat(ours.put(metric, identifier)).isNull();
      }
    }

    @Override
    public void notifyOfRemovedMetric(Metric metric, String name, MetricGroup group) {}

    long value(String name) {
      return ((Number) gauges.get(name).getValue()).longValue();
    }
  }

  @TempDir Path dir;
  private final Key key = new Key();
  private final Told told = new Told();
  private final Moving clock = new Moving();
  private OwnGauges ours;
  private MetricRegistryImpl registry;
  private JobManagerMetricGroup process;

  private static final class Moving extends Clock {
    private Instant now = Instant.now();

    @Override
    public Instant instant() {
      return now;
    }

    @Override
    public java.time.ZoneId getZone() {
      return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(java.time.ZoneId zone) {
      return this;
    }
  }

  @BeforeEach
  void start() throws Exception {
    ManagementFactory.getPlatformMBeanServer()
        .registerMBean(
            new javax.management.StandardMBean(key, KeyMXBean.class, true),
            new ObjectName("org.flinksec:type=SealedState"));
    Path pem = dir.resolve("pem");
    Files.writeString(
        pem, Certificates.pem(Certificates.store(dir.resolve("s"), "a", "-1d", 3), "a"));
    ours = new OwnGauges(clock);
    Properties options = new Properties();
    options.put(
        "watched",
        "own\tkafka.client_cert\t%s\t\ntrusted\tkafka.ca_certs\t%s\t\nsavepoints\tfile://%s"
            .formatted(pem, dir.resolve("none"), dir.resolve("savepoints")));
    MetricConfig config = new MetricConfig();
    config.putAll(options);
    registry =
        new MetricRegistryImpl(
            MetricRegistryTestUtils.defaultMetricRegistryConfiguration(),
            List.of(
                ReporterSetupBuilder.METRIC_SETUP_BUILDER.forReporter("gauges", config, ours),
                ReporterSetupBuilder.METRIC_SETUP_BUILDER.forReporter("told", told)));
    process = JobManagerMetricGroup.createJobManagerMetricGroup(registry, "host");
  }

  @AfterEach
  void stop() throws Exception {
    registry.closeAsync().get();
    ManagementFactory.getPlatformMBeanServer()
        .unregisterMBean(new ObjectName("org.flinksec:type=SealedState"));
  }

  @Test
  void aProcessTellsOfItsCertificatesAndOfItsSealedState() {
    process.gauge("any", () -> 1);
    ours.look();
    assertThat(told.value("secondsLeft{<certificate>=kafka.client_cert}"))
        .isBetween(172000L, 172801L);
    assertThat(told.value("readable{<certificate>=kafka.client_cert}")).isOne();
    assertThat(told.value("readable{<certificate>=kafka.ca_certs}")).isZero();
    assertThat(told.value("failedUnseals")).isEqualTo(3);
    assertThat(told.value("failedUnwraps")).isEqualTo(2);
    assertThat(told.value("residentMemory")).isPositive();
    assertThat(told.value("inUse{<key>=key-1}")).isOne();
  }

  @Test
  void twoProcessesInOneEachHaveAnObjectForEachFigure() {
    process.gauge("any", () -> 1);
    TaskManagerMetricGroup.createTaskManagerMetricGroup(registry, "host", new ResourceID("tm"))
        .gauge("any", () -> 1);
    ours.look();
    assertThat(told.ours.values().stream().filter(name -> name.endsWith("residentMemory")))
        .hasSize(2);
    assertThat(told.ours).hasSize(2 * 8);
  }

  @Test
  void ofTwoKeysOnlyTheOneThatSealsIsInUse() {
    process.gauge("any", () -> 1);
    ours.look();
    key.id = "key-2";
    ours.look();
    ours.look();
    assertThat(told.value("inUse{<key>=key-1}")).isZero();
    assertThat(told.value("inUse{<key>=key-2}")).isOne();
  }

  @Test
  void theAgeOfACheckpointCountsFromTheStartAndThenFromTheLast() {
    MetricGroup job = process.addJob(new JobID(), "a job");
    long[] completed = {-1};
    job.gauge("lastCheckpointCompletedTimestamp", () -> completed[0]);
    ours.look();
    clock.now = clock.now.plusSeconds(100);
    assertThat(told.value("checkpointAge")).isEqualTo(100);
    completed[0] = clock.millis() - 7_000;
    assertThat(told.value("checkpointAge")).isEqualTo(7);
  }

  @Test
  void theAgeOfASavepointIsThatOfTheNewestWholeOne() throws Exception {
    MetricGroup job = process.addJob(new JobID(), "a job");
    job.gauge("lastCheckpointCompletedTimestamp", () -> -1L);
    ours.look();
    clock.now = clock.now.plusSeconds(50);
    ours.look();
    assertThat(told.value("savepointAge")).isEqualTo(50);
    for (String name : List.of("savepoint-1", "savepoint-2")) {
      Path one = Files.createDirectories(dir.resolve("savepoints").resolve(name));
      Files.writeString(one.resolve("_metadata"), "");
      Files.setLastModifiedTime(
          one.resolve("_metadata"),
          java.nio.file.attribute.FileTime.from(
              clock.now.minusSeconds(name.endsWith("1") ? 9 : 30)));
    }
    Files.createDirectories(dir.resolve("savepoints/savepoint-3-unfinished"));
    ours.look();
    assertThat(told.value("savepointAge")).isEqualTo(9);
  }
}
