// SPDX-License-Identifier: Apache-2.0
package org.flinksec.functions;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.apache.flink.api.common.operators.MailboxExecutor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.streaming.api.operators.Output;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.runtime.tasks.TestProcessingTimeService;
import org.apache.flink.streaming.util.MockOutput;
import org.apache.flink.util.function.ThrowingRunnable;
import org.flinksec.rows.Shape;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class BatchesTest {
  private static final Shape LONG = Shape.ofValue(Types.LONG);

  private final FakePython python = new FakePython();
  private final List<Object> out = new ArrayList<>();
  private final TestProcessingTimeService clock = new TestProcessingTimeService();
  private final BlockingQueue<ThrowingRunnable<? extends Exception>> mails =
      new LinkedBlockingQueue<>();
  private Batches batches;

  @BeforeEach
  void open() throws Exception {
    FunctionThread function = new FunctionThread(python, new Patience(Long.MAX_VALUE), () -> false);
    Output<StreamRecord<Object>> output = new MockOutput<>(out);
    batches =
        new Batches(
            function,
            new Limits(3, 1 << 20, 5, Long.MAX_VALUE),
            clock,
            new Mails(),
            null,
            new Batch(LONG, null, null),
            new Batch(LONG, null, null),
            new Emitter(LONG, Map.of(), null),
            output);
    batches.open(null, new Patience(Long.MAX_VALUE));
  }

  @AfterEach
  void close() {
    python.may.release(1000);
    batches.close();
  }

  private void add(long... values) throws Exception {
    for (long value : values) {
      batches.add(new StreamRecord<>(value, value));
    }
  }

  /** Does what the mailbox has, until so much is put out. */
  private void work(int results) throws Exception {
    while (out.size() < results) {
      mails.take().run();
    }
  }

  @Test
  void theNextBatchIsCollectedWhilePythonWorksOnTheOneBefore() throws Exception {
    python.may.drainPermits();
    add(1, 2, 3, 4, 5);
    assertThat(out).isEmpty();
    assertThat(batches.areEmpty()).isFalse();
    python.may.release(2);
    add(6);
    batches.drain();
    assertThat(out).containsExactly(1L, 2L, 3L, 4L, 5L, 6L);
    assertThat(python.did).containsExactly("open", "batch 0: 1 2 3", "batch 0: 4 5 6");
    assertThat(batches.areEmpty()).isTrue();
  }

  @Test
  void resultsGoOutAsSoonAsThereAreSomeThoughNothingComesAnyMore() throws Exception {
    add(1, 2, 3);
    work(3);
    assertThat(out).containsExactly(1L, 2L, 3L);
  }

  @Test
  void aRecordThatNothingFollowsGoesAtTheNextLook() throws Exception {
    add(1);
    clock.advance(1);
    work(1);
    assertThat(out).containsExactly(1L);
  }

  @Test
  void whatNothingFollowsGoesWhenPythonIsFree() throws Exception {
    python.may.drainPermits();
    add(1, 2, 3, 4);
    clock.advance(1);
    assertThat(python.did).containsExactly("open");
    python.may.release(2);
    work(4);
    assertThat(out).containsExactly(1L, 2L, 3L, 4L);
  }

  @Test
  void aMailOfABatchForWhichSomebodyHasWaitedDoesNothing() throws Exception {
    add(1, 2, 3);
    List<ThrowingRunnable<? extends Exception>> late = new ArrayList<>(List.of(mails.take()));
    batches.drain();
    mails.drainTo(late);
    python.may.drainPermits();
    add(4, 5, 6);
    for (ThrowingRunnable<? extends Exception> mail : late) {
      mail.run();
    }
    assertThat(out).containsExactly(1L, 2L, 3L);
    python.may.release();
    batches.drain();
    assertThat(out).containsExactly(1L, 2L, 3L, 4L, 5L, 6L);
  }

  @Test
  void aTaskThatHasNotEndedWellIsCleanedUpThoughItsFunctionCannotBeClosed() throws Exception {
    python.closesBadly = true;
    add(1);
    batches.close();
    assertThat(python.did).containsExactly("open", "close", "end");
  }

  @Test
  void aTaskThatHasEndedFailsIfItsFunctionCannotBeClosed() throws Exception {
    python.closesBadly = true;
    add(1);
    batches.drain();
    batches.end();
    assertThatThrownBy(batches::close).hasMessage("cannot be closed");
    python.closesBadly = false;
  }

  private final class Mails implements MailboxExecutor {
    @Override
    public void execute(
        MailOptions options,
        ThrowingRunnable<? extends Exception> command,
        String format,
        Object... args) {
      mails.add(command);
    }

    @Override
    public void yield() {
      throw new UnsupportedOperationException();
    }

    @Override
    public boolean tryYield() {
      throw new UnsupportedOperationException();
    }

    @Override
    public boolean shouldInterrupt() {
      return false;
    }
  }
}
