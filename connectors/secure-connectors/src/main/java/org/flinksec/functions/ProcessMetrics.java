// SPDX-License-Identifier: Apache-2.0
package org.flinksec.functions;

import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.Meter;
import org.apache.flink.metrics.MeterView;
import org.apache.flink.metrics.MetricGroup;

/** The metrics of a function in a process of its own, as its runtime context has made them. */
final class ProcessMetrics {
  private final MetricGroup group;
  private final List<Taken> taken = new ArrayList<>();

  /** What takes a change: of a counter or meter by so much, of any other to a value. */
  private interface Taken {
    void change(long by);
  }

  ProcessMetrics(MetricGroup group) {
    this.group = group;
  }

  /**
   * @param bytes of memory that the process has, from now on
   */
  void watch(LongSupplier bytes) {
    group.gauge("pythonProcessMemory", (Gauge<Long>) bytes::getAsLong);
  }

  /**
   * Takes an array of those that are new, each of its kind, the path of its group, its name and a
   * meter's seconds; and one of changes, numbers of metrics and by or to what in turns.
   */
  void take(byte[] told) {
    Unpacker read = new Unpacker(told);
    read.arrayHeader();
    int count = read.arrayHeader();
    for (int i = 0; i < count; i++) {
      taken.add(made(read));
    }
    int changes = read.arrayHeader();
    for (int i = 0; i < changes; i += 2) {
      taken.get(read.small()).change(read.whole());
    }
  }

  private Taken made(Unpacker read) {
    read.arrayHeader();
    String kind = read.text();
    MetricGroup of = group;
    int levels = read.arrayHeader();
    for (int i = 0; i < levels; i++) {
      int parts = read.arrayHeader();
      String name = read.text();
      of = parts == 1 ? of.addGroup(name) : of.addGroup(name, read.text());
    }
    String name = read.text();
    int seconds = read.small();
    return switch (kind) {
      case "counter" -> counted(of.counter(name));
      case "meter" -> metered(of.meter(name, new MeterView(seconds)));
      default -> held(of, name);
    };
  }

  private static Taken counted(Counter counter) {
    return counter::inc;
  }

  private static Taken metered(Meter meter) {
    return meter::markEvent;
  }

  private static Taken held(MetricGroup of, String name) {
    long[] value = new long[1];
    of.gauge(name, (Gauge<Long>) () -> value[0]);
    return by -> value[0] = by;
  }
}
