// SPDX-License-Identifier: Apache-2.0
package org.flinksec.functions;

import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.runtime.state.VoidNamespace;
import org.apache.flink.streaming.api.operators.InternalTimer;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.api.operators.Triggerable;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.types.Row;
import org.flinksec.badrecords.FailedStreams;

/**
 * Runs a Python function: records go to Python in batches, with the states of their keys, and
 * results come back the same way.
 *
 * <p>A batch is over when it is full, when nothing has come for a moment, and before all that must
 * not overtake it: watermarks, barriers, timers, the end. So checkpoints, timers and order are
 * Flink's own.
 *
 * <p>What it does is {@link Batches}. Where Python is decides the base class of PyFlink that an
 * operator has, so there is one for each; this is what they have in common.
 */
public interface BatchOperator
    extends OneInputStreamOperator<Object, Object>,
        Triggerable<Row, VoidNamespace>,
        FailedStreams.AsksForSideOutputs {
  /** What runs, and what it gets and gives. */
  FunctionPlan plan();

  /** The batches, once it is open. */
  Batches batches();

  @Override
  default void addSideOutput(String id, TypeInformation<?> type) {
    plan().addSideOutput(id, type);
  }

  @Override
  default void setKeyContextElement(StreamRecord<Object> element) {
    // the key is set once for each key of a batch, not for each record
  }

  @Override
  default void processElement(StreamRecord<Object> element) throws Exception {
    batches().add(element);
  }

  @Override
  default void onEventTime(InternalTimer<Row, VoidNamespace> timer) throws Exception {
    batches().addTimer(timer.getKey(), timer.getTimestamp(), Batch.EVENT_TIMERS);
  }

  @Override
  default void onProcessingTime(InternalTimer<Row, VoidNamespace> timer) throws Exception {
    batches().addTimer(timer.getKey(), timer.getTimestamp(), Batch.PROCESSING_TIMERS);
  }
}
