// SPDX-License-Identifier: Apache-2.0
package org.flinksec.timestamps;

import java.util.Collection;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.apache.flink.api.common.eventtime.Watermark;
import org.apache.flink.api.common.eventtime.WatermarkOutput;
import org.apache.flink.api.connector.source.ReaderOutput;
import org.apache.flink.api.connector.source.SourceOutput;
import org.apache.flink.streaming.api.operators.source.SourceOutputWithWatermarks;

/**
 * The parts of a source that one reader reads, partitions or files, and which of them are idle.
 *
 * <p>All but {@link #isQuiet} and {@link #whenQuiet} is for the thread of the task. The strategy
 * and the reader come to a task apart from each other, and Flink tells neither of the other; so the
 * generators are taken out of Flink's outputs.
 */
public final class Parts {
  private static final long NEVER = -1;

  private final Set<String> assigned = new HashSet<>();
  private final Map<String, PartWatermarks<?>> linked = new ConcurrentHashMap<>();
  private volatile Runnable question = () -> {};
  private Outputs<?> outputs;
  private boolean allIdle = true; // as Flink takes the output of a reader in the beginning
  private long emptySince = NEVER;
  private boolean awaits;
  private boolean areAssigned;
  private boolean areBounded;

  /**
   * The input has an end: no part is idle before its own, and no reader before the end of the
   * input, which comes to all of them by itself. To leave out one that waits, for a place that
   * nothing has reached yet or for a file, would gain nothing, and make late what comes of it:
   * whoever is at the end already is at the end of time, too.
   */
  public void areBounded() {
    areBounded = true;
  }

  /**
   * A reader without parts is not idle before {@link #allAreAssigned}: it may be about to get some.
   */
  public void awaitAssignment() {
    awaits = true;
  }

  /** A reader that has no parts by now gets none for now, and is idle at once. */
  public void allAreAssigned() {
    awaits = false;
    areAssigned = true;
  }

  /**
   * Says what is done while a part has brought nothing for some time; it must return at once.
   *
   * @param asked looks whether such parts have been read
   */
  public void whenQuiet(Runnable asked) {
    question = asked;
  }

  void ask() {
    if (!areBounded) {
      question.run();
    }
  }

  /** Whether a part has brought nothing for as long as what is idle brings nothing. */
  public boolean isQuiet(String part) {
    PartWatermarks<?> watermarks = linked.get(part);
    return watermarks != null && watermarks.isQuiet();
  }

  void added(Collection<String> parts) {
    assigned.addAll(parts);
    if (outputs != null) {
      link(); // the next poll may be far: it waits for records
    }
  }

  /** The output to read into. */
  @SuppressWarnings("unchecked") // a reader has one output
  <T> ReaderOutput<T> outputs(ReaderOutput<T> output) {
    if (outputs == null || outputs.output != output) {
      outputs = new Outputs<>(output);
      link();
    }
    return (ReaderOutput<T>) outputs;
  }

  private void link() {
    PartWatermarks<?> ofAll = watermarks(outputs.output);
    if (ofAll == null) {
      return; // without idleness
    }
    ofAll.linkedAsOfAll(this);
    for (String part : assigned) {
      PartWatermarks<?> watermarks = watermarks(outputs.output.createOutputForSplit(part));
      watermarks.linked(this);
      linked.put(part, watermarks);
    }
    if (areBounded || !assigned.isEmpty()) {
      activate();
    }
  }

  /** Flink does not by itself: not even where it has been told that a part is active. */
  private void activate() {
    allIdle = false;
    outputs.output.markActive();
  }

  /** The input is at its end; see {@link EndOfTime}. */
  void haveAllEnded() {
    activate();
  }

  private static PartWatermarks<?> watermarks(SourceOutput<?> output) {
    if (!(output instanceof SourceOutputWithWatermarks<?>)) {
      return null; // of a job in batch mode
    }
    Object generator =
        IdleOnceRead.privately(SourceOutputWithWatermarks.class, "watermarkGenerator", output);
    while (generator instanceof Within within) {
      generator = within.generator();
    }
    return generator instanceof PartWatermarks<?> watermarks ? watermarks : null;
  }

  /**
   * All that was in these parts when the records of now were fetched has been handed over. It holds
   * for now alone, and is to be said again and again: a part that has brought something meanwhile,
   * or not brought nothing for long enough, is not idle by it.
   *
   * @param parts their ids
   */
  public void haveBeenRead(Collection<String> parts) {
    if (areBounded) {
      return;
    }
    for (String part : parts) {
      PartWatermarks<?> watermarks = linked.get(part);
      if (watermarks != null && watermarks.hasBeenRead()) {
        // At once: where records come that bring nothing, it may have more a moment later.
        outputs.output.createOutputForSplit(part).markIdle();
      }
    }
    if (!allIdle && !assigned.isEmpty() && areAllIdle()) {
      allIdle = true;
      outputs.output.markIdle();
    }
  }

  /**
   * There is more in these parts, be it records or what brings none: they hold back the others
   * until they have been read again.
   *
   * @param parts their ids
   */
  public void haveMore(Collection<String> parts) {
    holdBack(parts, PartWatermarks::hasMore);
  }

  /**
   * Nobody could be asked about these parts: they hold back the others until they have brought
   * nothing for some time from now on, and have been read.
   *
   * @param parts their ids
   */
  public void areUnknown(Collection<String> parts) {
    holdBack(parts, PartWatermarks::isUnknown);
  }

  private void holdBack(Collection<String> parts, Consumer<PartWatermarks<?>> change) {
    for (String part : parts) {
      PartWatermarks<?> watermarks = linked.get(part);
      if (watermarks != null) {
        change.accept(watermarks);
        outputs.output.createOutputForSplit(part).markActive();
        activate();
      }
    }
  }

  private boolean areAllIdle() {
    return linked.size() == assigned.size()
        && linked.values().stream().allMatch(PartWatermarks::isIdle);
  }

  /** A reader is idle where all its parts are, or where it has none and gets none for now. */
  void tellOfAll(WatermarkOutput output, long idleNanos, long now) {
    boolean idle;
    if (areBounded) {
      idle = false;
    } else if (assigned.isEmpty()) {
      emptySince = emptySince == NEVER ? now : emptySince;
      // Who is not told whether there are any takes it from the time.
      idle = areAssigned || !awaits && now - emptySince >= idleNanos;
    } else {
      emptySince = NEVER;
      idle = areAllIdle();
    }
    if (idle) {
      output.markIdle();
    } else if (allIdle) {
      output.markActive();
    }
    allIdle = idle;
  }

  private void removed(String part) {
    assigned.remove(part);
    linked.remove(part);
  }

  /**
   * Emits the watermark of what a part has brought since the last periodic one, which is nowhere
   * once the part is released: time would stand still where each takes less than the interval. An
   * input with an end has a watermark there.
   */
  private static void emitLast(SourceOutput<?> ended) {
    ((SourceOutputWithWatermarks<?>) ended).emitPeriodicWatermark();
    ended.markActive(); // which takes what was emitted into account at once
  }

  /** The outputs of Flink, which tell what has ended. */
  private final class Outputs<T> implements ReaderOutput<T> {
    private final ReaderOutput<T> output;

    Outputs(ReaderOutput<T> output) {
      this.output = output;
    }

    @Override
    public void releaseOutputForSplit(String part) {
      if (watermarks(output) != null) {
        SourceOutput<T> ended = output.createOutputForSplit(part);
        if (!areBounded) {
          emitLast(ended);
        }
        // Else a reader that has read its last part would hold back the others for ever.
        ended.markIdle();
      } // Where watermarks come from behind the source, nothing would make it active again.
      output.releaseOutputForSplit(part);
      removed(part);
    }

    @Override
    public SourceOutput<T> createOutputForSplit(String part) {
      return output.createOutputForSplit(part);
    }

    @Override
    public void collect(T element) {
      output.collect(element);
    }

    @Override
    public void collect(T element, long timestamp) {
      output.collect(element, timestamp);
    }

    @Override
    public void emitWatermark(Watermark watermark) {
      output.emitWatermark(watermark);
    }

    @Override
    public void markIdle() {
      output.markIdle();
    }

    @Override
    public void markActive() {
      output.markActive();
    }
  }
}
