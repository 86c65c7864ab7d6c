// SPDX-License-Identifier: Apache-2.0
package org.flinksec.timestamps;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.connector.source.ReaderOutput;
import org.apache.flink.api.connector.source.SourceOutput;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.api.connector.source.lib.NumberSequenceSource;
import org.apache.flink.api.connector.source.lib.NumberSequenceSource.NumberSequenceSplit;
import org.apache.flink.core.io.InputStatus;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.windowing.assigners.TumblingEventTimeWindows;
import org.apache.flink.util.CloseableIterator;
import org.junit.jupiter.api.Test;

/**
 * What Flink makes of the end of an input whose last part has ended some time before: a consumer
 * takes its time to close, and periodic watermarks are emitted meanwhile.
 */
class EndOfInputTest {
  private static final Duration CLOSING = Duration.ofMillis(1500);

  @Test
  void theLastWindowOfABoundedInputIsNotLostHoweverLongItsReadersTakeToClose() throws Exception {
    StreamExecutionEnvironment flink = StreamExecutionEnvironment.createLocalEnvironment(2);
    flink.getConfig().setAutoWatermarkInterval(20);
    WatermarkStrategy<Long> strategy =
        IdleOnceRead.of(
            WatermarkStrategy.<Long>forMonotonousTimestamps()
                .withTimestampAssigner((element, before) -> element)
                .withIdleness(Duration.ofHours(1)));
    List<Long> sums = new ArrayList<>();
    try (CloseableIterator<Long> each =
        flink
            .fromSource(new Numbers(), strategy, "numbers", Types.LONG)
            .keyBy(number -> 0, TypeInformation.of(Integer.class))
            .window(TumblingEventTimeWindows.of(Duration.ofMillis(10)))
            .reduce(Long::sum)
            .executeAndCollect()) {
      each.forEachRemaining(sums::add);
    }
    assertThat(sums).containsExactlyInAnyOrder(45L, 145L, 20L + 21 + 22);
  }

  private static final class Numbers extends NumberSequenceSource {
    private static final long serialVersionUID = 1L;

    Numbers() {
      super(0, 22);
    }

    @Override
    public SourceReader<Long, NumberSequenceSplit> createReader(SourceReaderContext context) {
      Parts parts = new Parts();
      parts.allAreAssigned();
      return new PartsReader<>(new SlowlyClosing(context), parts);
    }
  }

  /** Reads its parts as {@code SourceReaderBase} does, and then closes what it read them by. */
  private static final class SlowlyClosing implements SourceReader<Long, NumberSequenceSplit> {
    private final SourceReaderContext context;
    private final List<NumberSequenceSplit> splits = new ArrayList<>();
    private CompletableFuture<Void> available = new CompletableFuture<>();
    private boolean areAll;
    private boolean isClosing;

    SlowlyClosing(SourceReaderContext context) {
      this.context = context;
    }

    @Override
    public void start() {
      context.sendSplitRequest();
    }

    @Override
    public InputStatus pollNext(ReaderOutput<Long> output) {
      if (!splits.isEmpty()) {
        NumberSequenceSplit split = splits.remove(0);
        SourceOutput<Long> part = output.createOutputForSplit(split.splitId());
        for (long number = split.from(); number <= split.to(); number++) {
          part.collect(number, number);
        }
        output.releaseOutputForSplit(split.splitId());
        context.sendSplitRequest();
        return InputStatus.NOTHING_AVAILABLE;
      }
      if (!areAll) {
        available = new CompletableFuture<>();
        return InputStatus.NOTHING_AVAILABLE;
      }
      if (!isClosing) {
        isClosing = true;
        available =
            new CompletableFuture<Void>()
                .completeOnTimeout(null, CLOSING.toMillis(), TimeUnit.MILLISECONDS);
        return InputStatus.NOTHING_AVAILABLE;
      }
      return InputStatus.END_OF_INPUT;
    }

    @Override
    public CompletableFuture<Void> isAvailable() {
      return available;
    }

    @Override
    public void addSplits(List<NumberSequenceSplit> more) {
      splits.addAll(more);
      available.complete(null);
    }

    @Override
    public void notifyNoMoreSplits() {
      areAll = true;
      available.complete(null);
    }

    @Override
    public List<NumberSequenceSplit> snapshotState(long checkpoint) {
      return splits;
    }

    @Override
    public void close() {
      // Nothing is open.
    }
  }
}
