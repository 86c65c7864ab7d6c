// SPDX-License-Identifier: Apache-2.0
package org.flinksec.functions;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.TreeMap;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.Meter;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.metrics.SimpleCounter;
import org.apache.flink.metrics.groups.UnregisteredMetricsGroup;
import org.junit.jupiter.api.Test;

class ProcessMetricsTest {
  private final Map<String, Object> made = new TreeMap<>();
  private final ProcessMetrics metrics = new ProcessMetrics(new Noted(""));

  /** Notes by its path what is made. */
  private final class Noted extends UnregisteredMetricsGroup {
    private final String path;

    Noted(String path) {
      this.path = path;
    }

    @Override
    public Counter counter(String name) {
      SimpleCounter counter = new SimpleCounter();
      made.put(path + name, counter);
      return counter;
    }

    @Override
    public <M extends Meter> M meter(String name, M meter) {
      made.put(path + name, meter);
      return meter;
    }

    @Override
    public <T, G extends Gauge<T>> G gauge(String name, G gauge) {
      made.put(path + name, gauge);
      return gauge;
    }

    @Override
    public MetricGroup addGroup(String name) {
      return new Noted(path + name + ".");
    }

    @Override
    public MetricGroup addGroup(String key, String value) {
      return new Noted(path + key + "=" + value + ".");
    }
  }

  private static void add(Packer packer, String kind, String name) {
    packer.arrayHeader(4);
    packer.text(kind);
    packer.arrayHeader(2);
    packer.arrayHeader(1);
    packer.text("mine");
    packer.arrayHeader(2);
    packer.text("shard");
    packer.text("7");
    packer.text(name);
    packer.whole(60);
  }

  @Test
  void whatPythonTellsIsInTheGroupsThatItNames() {
    Packer first = new Packer();
    first.arrayHeader(2);
    first.arrayHeader(3);
    add(first, "counter", "count");
    add(first, "meter", "rate");
    add(first, "gauge", "size");
    first.arrayHeader(2);
    first.whole(0);
    first.whole(5);
    metrics.take(first.copy());
    Packer then = new Packer();
    then.arrayHeader(2);
    then.arrayHeader(0);
    then.arrayHeader(6);
    for (long each : new long[] {0, -2, 1, 9, 2, 42}) {
      then.whole(each);
    }
    metrics.take(then.copy());
    String group = "mine.shard=7.";
    assertThat(made.keySet()).containsExactly(group + "count", group + "rate", group + "size");
    assertThat(((Counter) made.get(group + "count")).getCount()).isEqualTo(3);
    assertThat(((Meter) made.get(group + "rate")).getCount()).isEqualTo(9);
    assertThat(((Gauge<?>) made.get(group + "size")).getValue()).isEqualTo(42L);
  }

  @Test
  void theMemoryOfTheProcessIsAskedForWhenTheMetricIs() {
    long[] bytes = {1};
    metrics.watch(() -> bytes[0]);
    bytes[0] = ProcessMemory.of(ProcessHandle.current().pid());
    Object told = ((Gauge<?>) made.get("pythonProcessMemory")).getValue();
    assertThat((Long) told).isGreaterThan(1 << 20);
    assertThat(ProcessMemory.of(Integer.MAX_VALUE)).isZero();
  }
}
