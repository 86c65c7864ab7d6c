// SPDX-License-Identifier: Apache-2.0
package org.flinksec.badrecords;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.api.connector.source.lib.NumberSequenceSource;
import org.apache.flink.api.dag.Transformation;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;
import org.apache.flink.streaming.api.graph.StreamGraph;
import org.apache.flink.streaming.api.graph.StreamGraphHasherV2;
import org.apache.flink.streaming.api.graph.StreamNode;
import org.apache.flink.streaming.api.transformations.OneInputTransformation;
import org.apache.flink.types.Row;
import org.apache.flink.util.OutputTag;
import org.apache.flink.util.StringUtils;
import org.flinksec.kafka.Arrivals;
import org.junit.jupiter.api.Test;

/** Flink's own hasher says which ids the operators of a job have, with letters and without. */
class OperatorIdsTest {
  private static final int JOBS = 60;
  private static final TypeInformation<Row> ROW = Types.ROW(Types.LONG);

  private enum Letters {
    NONE,
    OF_SOURCES,
    OF_FUNCTIONS
  }

  @Test
  void theSameOperatorHasTheSameIdThoughLettersComeOrGoAndAtAnyParallelism() {
    for (int seed = 0; seed < JOBS; seed++) {
      Map<String, String> plain = ids(seed, 1, Letters.NONE, true);
      for (Letters letters : Letters.values()) {
        for (int parallelism = 1; parallelism <= 2; parallelism++) {
          Map<String, String> ids = ids(seed, parallelism, letters, true);
          assertThat(ids).as("job %d", seed).containsAllEntriesOf(plain);
        }
      }
    }
  }

  @Test
  void whatAJobCallsAnOperatorStaysItsId() {
    int named = 0;
    for (int seed = 0; seed < JOBS; seed++) {
      Map<String, String> ids = ids(seed, 1, Letters.OF_FUNCTIONS, true);
      for (Map.Entry<String, String> one : ids.entrySet()) {
        String users = ofUid("user's " + one.getKey().replace("Source: ", ""));
        if (ids.containsValue(users)) {
          assertThat(one.getValue()).isEqualTo(users);
          named++;
        }
      }
    }
    assertThat(named).isGreaterThan(JOBS / 2);
  }

  @Test
  void flinksOwnIdsWouldChange() {
    Map<String, String> plain = ids(3, 1, Letters.NONE, false);
    Map<String, String> with = ids(3, 1, Letters.OF_SOURCES, false);
    with.keySet().retainAll(plain.keySet());
    assertThat(with).isNotEqualTo(plain);
  }

  @Test
  void aStepThatHasTakenThePlaceOfAnotherIsFoundInIt() throws Exception {
    StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
    DataStream<Long> numbers = env.fromSequence(1, 2);
    Transformation<?> before = numbers.map(n -> n).returns(Types.LONG).getTransformation();
    Transformation<?> after = numbers.map(n -> n).returns(Types.LONG).getTransformation();
    Transformation<?> end = new DataStream<>(env, before).filter(n -> true).getTransformation();
    assertThat(end.getTransitivePredecessors()).contains(before);

    // As PyFlink's chaining of functions does it.
    Field input = OneInputTransformation.class.getDeclaredField("input");
    input.setAccessible(true);
    input.set(end, after);
    assertThat(end.getTransitivePredecessors()).as("Flink's memory").contains(before);
    assertThat(FailedStreams.stepsTo(List.of(end))).contains(after).doesNotContain(before);
  }

  private static String ofUid(String uid) {
    return StringUtils.byteToHexString(StreamGraphHasherV2.generateUserSpecifiedHash(uid));
  }

  /** The ids of a job's operators by their names: no two have one. */
  private static Map<String, String> ids(
      int seed, int parallelism, Letters letters, boolean ourUids) {
    StreamGraph graph = job(seed, parallelism, letters, ourUids);
    Map<Integer, byte[]> hashes =
        new StreamGraphHasherV2().traverseStreamGraphAndGenerateHashes(graph);
    Map<String, String> found = new TreeMap<>();
    for (StreamNode node : graph.getStreamNodes()) {
      String id = StringUtils.byteToHexString(hashes.get(node.getId()));
      assertThat(found.put(node.getOperatorName(), id)).isNull();
    }
    assertThat(found.values()).doesNotHaveDuplicates();
    return found;
  }

  /** A job at random, the same for each seed. */
  private static StreamGraph job(int seed, int parallelism, Letters letters, boolean ourUids) {
    Random random = new Random(seed);
    StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
    env.setParallelism(parallelism);
    List<DataStream<Row>> streams = new ArrayList<>();
    List<SingleOutputStreamOperator<Row>> functions = new ArrayList<>();
    List<DataStream<byte[]>> dead = new ArrayList<>();
    int sources = 1 + random.nextInt(3);
    for (int number = 0; number < sources; number++) {
      boolean named = random.nextInt(4) == 0;
      streams.add(source(env, "source " + number, named, letters != Letters.NONE, dead));
    }
    int steps = random.nextInt(7);
    for (int number = 0; number < steps; number++) {
      DataStream<Row> from = streams.get(random.nextInt(streams.size()));
      String name = "step " + number;
      SingleOutputStreamOperator<Row> made =
          switch (random.nextInt(4)) {
            case 0 -> from.keyBy(row -> 1).map(row -> row).returns(ROW);
            case 1 -> from.union(streams.get(0)).map(row -> row).returns(ROW);
            case 2 -> from.rebalance().filter(row -> true);
            default -> from.map(row -> row).returns(ROW);
          };
      made.name(name);
      if (random.nextInt(4) == 0) {
        made.uid("user's " + name);
      }
      functions.add(made);
      streams.add(made);
    }
    for (int number = 0; number < streams.size(); number++) {
      if (random.nextBoolean() || number == streams.size() - 1) {
        streams.get(number).sinkTo(new DiscardingSink<>()).name("sink " + number);
      }
    }
    if (ourUids) {
      OperatorIds.give(env);
      OperatorIds.give(env);
    }
    if (letters == Letters.OF_FUNCTIONS) {
      for (SingleOutputStreamOperator<Row> function : functions) {
        OutputTag<byte[]> tag = new OutputTag<>("tag", TypeInformation.of(byte[].class));
        dead.add(function.getSideOutput(tag).map(b -> b).name("ours " + dead.size()));
      }
    }
    if (!dead.isEmpty()) {
      DataStream<byte[]> all = dead.get(0);
      for (DataStream<byte[]> other : dead.subList(1, dead.size())) {
        all = all.union(other);
      }
      all.sinkTo(new DiscardingSink<>()).name("ours").uid("ours").setParallelism(1);
    }
    return env.getStreamGraph();
  }

  @SuppressWarnings({"unchecked", "rawtypes"}) // nothing runs
  private static DataStream<Row> source(
      StreamExecutionEnvironment env,
      String name,
      boolean named,
      boolean letters,
      List<DataStream<byte[]>> dead) {
    WatermarkStrategy none = WatermarkStrategy.noWatermarks();
    SingleOutputStreamOperator<Row> rows =
        env.fromSource((Source) new NumberSequenceSource(1, 2), none, name, (TypeInformation) ROW);
    if (letters) {
      rows = Arrivals.rows(rows, ROW, "ours, rows of " + name);
      dead.add(Arrivals.letters(rows));
    }
    return named ? rows.uid("user's " + name) : rows;
  }
}
