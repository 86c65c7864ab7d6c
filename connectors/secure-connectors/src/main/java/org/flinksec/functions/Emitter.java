// SPDX-License-Identifier: Apache-2.0
package org.flinksec.functions;

import java.util.Map;
import org.apache.flink.streaming.api.operators.Output;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.util.OutputTag;
import org.flinksec.badrecords.Current;
import org.flinksec.badrecords.Original;
import org.flinksec.badrecords.Traceable;
import org.flinksec.rows.Shape;

/** Puts out the results of a batch, each with the timestamp of what it was made of. */
final class Emitter {
  /** How the side outputs begin that guarded functions put out what they fail with. */
  private static final String FAILED = "flinksec-failed-";

  private final Crossing result;
  private final Map<String, SideOutput> sides;
  private final Current current;
  private final StreamRecord<Object> record = new StreamRecord<>(null);
  private final Made made = new Made();

  /** The record that the result which is just put out was made of. */
  private static final class Made implements Traceable {
    private Original original;

    @Override
    public Original original() {
      return original;
    }
  }

  /**
   * @param current null if it is not known what elements were made of
   */
  Emitter(Shape result, Map<String, SideOutput> sides, Current current) {
    this.result = Crossing.of(result);
    this.sides = sides;
    this.current = current;
  }

  /**
   * Reads results and puts them out: those of the main output, the place of the item that each was
   * made of, or null if each has that of its own number, and those of side outputs, in turns of the
   * tag's name, the place and the value.
   */
  void emit(Unpacker answer, Batch batch, Output<StreamRecord<Object>> output) {
    Traceable before = current == null ? null : current.change(made);
    try {
      emitMain(answer, batch, output);
      emitSides(answer, batch, output);
    } finally {
      if (current != null) {
        current.change(before);
      }
    }
  }

  private void emitMain(Unpacker answer, Batch batch, Output<StreamRecord<Object>> output) {
    boolean one = answer.nil();
    int[] sources = one ? null : new int[answer.arrayHeader()];
    for (int i = 0; !one && i < sources.length; i++) {
      sources[i] = answer.small();
    }
    int count = answer.arrayHeader();
    for (int i = 0; i < count; i++) {
      output.collect(next(result.readOrNull(answer), batch, one ? i : sources[i]));
    }
  }

  private void emitSides(Unpacker answer, Batch batch, Output<StreamRecord<Object>> output) {
    int count = answer.arrayHeader();
    for (int i = 0; i < count; i += 3) {
      String id = answer.text();
      SideOutput side = sides.get(id);
      int source = answer.small();
      Unpacker value = new Unpacker(answer.binary());
      if (side != null) {
        collect(side.tag(), next(side.crossing().readOrNull(value), batch, source), output);
      } else if (id.startsWith(FAILED)) {
        throw new IllegalStateException(
            "a function of job.guard(...) has failed with an element, and nothing takes that, as"
                + " the job runs past its SecureJob; give its stream a sink in place of"
                + " execute_and_collect()");
      }
    }
  }

  private static void collect(
      OutputTag<Object> tag, StreamRecord<Object> element, Output<StreamRecord<Object>> output) {
    output.collect(tag, element);
  }

  private StreamRecord<Object> next(Object value, Batch batch, int source) {
    long time = batch.time(source);
    if (time == Batch.NO_TIME) {
      record.replace(value);
      record.eraseTimestamp();
    } else {
      record.replace(value, time);
    }
    made.original = batch.original(source);
    return record;
  }
}
