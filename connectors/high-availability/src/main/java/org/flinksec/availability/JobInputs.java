// SPDX-License-Identifier: Apache-2.0
package org.flinksec.availability;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ConfigOptions;
import org.apache.flink.streaming.api.graph.ExecutionPlan;

/** What a plan is made from: names, such as {@code elasticsearch.hosts}, with a hash of each. */
final class JobInputs {
  /** In the configuration of a plan: the inputs as text. */
  private static final ConfigOption<String> IN_PLAN =
      ConfigOptions.key("flinksec.job.inputs").stringType().noDefaultValue();

  private final String text;
  private final Map<String, String> hashes;

  private JobInputs(String text) {
    this.text = text;
    this.hashes = new TreeMap<>();
    for (String line : text.split("\n")) {
      int tab = line.lastIndexOf('\t');
      if (tab > 0) {
        hashes.put(line.substring(0, tab), line.substring(tab + 1));
      }
    }
  }

  /**
   * Reads inputs.
   *
   * @param text a line for each: its name, a tab, its hash
   */
  static JobInputs of(String text) {
    return new JobInputs(text);
  }

  void writeInto(ExecutionPlan plan) {
    plan.getJobConfiguration().set(IN_PLAN, text);
  }

  /**
   * Names what is not as it was when a plan was made.
   *
   * @return nothing if it is made from the same; the names are sorted
   */
  List<String> changedSince(ExecutionPlan plan) {
    String then = plan.getJobConfiguration().get(IN_PLAN);
    if (then == null) {
      return List.of("an unknown version of this library");
    }
    Map<String, String> before = of(then).hashes;
    TreeSet<String> names = new TreeSet<>(before.keySet());
    names.addAll(hashes.keySet());
    names.removeIf(name -> Objects.equals(before.get(name), hashes.get(name)));
    return new ArrayList<>(names);
  }
}
