// SPDX-License-Identifier: Apache-2.0
package org.flinksec.timestamps;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.sink2.SinkWriter;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import org.apache.flink.api.connector.source.Boundedness;
import org.apache.flink.api.connector.source.ReaderOutput;
import org.apache.flink.api.connector.source.SourceOutput;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.api.connector.source.lib.NumberSequenceSource;
import org.apache.flink.api.connector.source.lib.NumberSequenceSource.NumberSequenceSplit;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.core.io.InputStatus;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.api.windowing.assigners.TumblingEventTimeWindows;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.runtime.watermarkstatus.WatermarkStatus;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What Flink makes of the end of an input, or of a drain, some time after the last part has ended:
 * a consumer takes its time to close, and periodic watermarks are emitted meanwhile.
 */
class EndOfInputTest {
  private static final Duration CLOSING = Duration.ofMillis(1500);

  /** What windows gave, and whether what is behind the source is idle. */
  private static final Queue<Long> SUMS = new ConcurrentLinkedQueue<>();

  private static CountDownLatch idle;

  @TempDir java.nio.file.Path directory;

  private static JobClient start(int parallelism, Boundedness boundedness) throws Exception {
    SUMS.clear();
    idle = new CountDownLatch(1);
    StreamExecutionEnvironment flink =
        StreamExecutionEnvironment.createLocalEnvironment(parallelism);
    flink.getConfig().setAutoWatermarkInterval(20);
    WatermarkStrategy<Long> strategy =
        IdleOnceRead.of(
            WatermarkStrategy.<Long>forMonotonousTimestamps()
                .withTimestampAssigner((element, before) -> element)
                .withIdleness(Duration.ofHours(1)));
    flink
        .fromSource(new Numbers(boundedness), strategy, "numbers", Types.LONG)
        .transform("statuses", Types.LONG, new Statuses())
        .keyBy(number -> 0, TypeInformation.of(Integer.class))
        .window(TumblingEventTimeWindows.of(Duration.ofMillis(10)))
        .reduce(Long::sum)
        .sinkTo(new Sums());
    return flink.executeAsync();
  }

  @Test
  void theLastWindowOfABoundedInputIsNotLostHoweverLongItsReadersTakeToClose() throws Exception {
    start(2, Boundedness.BOUNDED).getJobExecutionResult().get();
    assertThat(SUMS).containsExactlyInAnyOrder(45L, 145L, 20L + 21 + 22);
  }

  @Test
  void theLastWindowIsNotLostInADrainOfASourceThatIsIdle() throws Exception {
    JobClient job = start(1, Boundedness.CONTINUOUS_UNBOUNDED);
    idle.await();
    String savepoints = directory.toUri().toString();
    job.stopWithSavepoint(true, savepoints, SavepointFormatType.CANONICAL).get();
    assertThat(SUMS).containsExactlyInAnyOrder(45L, 145L, 20L + 21 + 22);
  }

  @Test
  void aStopWithoutADrainLeavesTheLastWindowOpen() throws Exception {
    JobClient job = start(1, Boundedness.CONTINUOUS_UNBOUNDED);
    idle.await();
    String savepoints = directory.toUri().toString();
    job.stopWithSavepoint(false, savepoints, SavepointFormatType.CANONICAL).get();
    assertThat(SUMS).containsExactlyInAnyOrder(45L, 145L);
  }

  private static final class Sums implements Sink<Long> {
    private static final long serialVersionUID = 1L;

    @Override
    public SinkWriter<Long> createWriter(WriterInitContext context) {
      return new SinkWriter<>() {
        @Override
        public void write(Long sum, Context of) {
          SUMS.add(sum);
        }

        @Override
        public void flush(boolean isEnd) {
          // Nothing waits.
        }

        @Override
        public void close() {
          // Nothing is open.
        }
      };
    }
  }

  private static final class Statuses extends AbstractStreamOperator<Long>
      implements OneInputStreamOperator<Long, Long> {
    private static final long serialVersionUID = 1L;

    @Override
    public void processElement(StreamRecord<Long> element) {
      output.collect(element);
    }

    @Override
    public void processWatermarkStatus(WatermarkStatus status) throws Exception {
      super.processWatermarkStatus(status);
      if (status.isIdle()) {
        idle.countDown();
      }
    }
  }

  private static final class Numbers extends NumberSequenceSource {
    private static final long serialVersionUID = 1L;

    private final Boundedness boundedness;

    Numbers(Boundedness boundedness) {
      super(0, 22);
      this.boundedness = boundedness;
    }

    @Override
    public Boundedness getBoundedness() {
      return boundedness;
    }

    @Override
    public SourceReader<Long, NumberSequenceSplit> createReader(SourceReaderContext context) {
      Parts parts = new Parts();
      parts.allAreAssigned();
      return new PartsReader<>(new SlowlyClosing(context, boundedness), context, parts);
    }
  }

  /** Reads its parts as {@code SourceReaderBase} does, and then closes what it read them by. */
  private static final class SlowlyClosing implements SourceReader<Long, NumberSequenceSplit> {
    private final SourceReaderContext context;
    private final Boundedness boundedness;
    private final List<NumberSequenceSplit> splits = new ArrayList<>();
    private CompletableFuture<Void> available = new CompletableFuture<>();
    private boolean areAll;
    private boolean isClosing;

    SlowlyClosing(SourceReaderContext context, Boundedness boundedness) {
      this.context = context;
      this.boundedness = boundedness;
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
      if (!areAll || boundedness != Boundedness.BOUNDED) {
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
