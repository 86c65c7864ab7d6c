// SPDX-License-Identifier: Apache-2.0
package org.flinksec.functions;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.flink.runtime.execution.CancelTaskException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class FunctionThreadTest {
  private final FakePython python = new FakePython();
  private final AtomicBoolean isCancelled = new AtomicBoolean();
  private FunctionThread function;

  private void start(long limitMillis) {
    function = new FunctionThread(python, new Patience(limitMillis * 1_000_000), isCancelled::get);
    function.load();
  }

  @AfterEach
  void end() {
    python.may.release(1000);
    function.close(false);
  }

  @Test
  void theTaskGoesOnWhileAWorkIsUnderWayAndHearsWhenItIsDone() throws Exception {
    start(Long.MAX_VALUE / 2_000_000);
    CountDownLatch done = new CountDownLatch(1);
    function.whenDone(done::countDown);
    python.may.drainPermits();
    function.start(frame());
    assertThat(function.isDone()).isFalse();
    python.may.release();
    done.await();
    assertThat(function.isDone()).isTrue();
    assertThat(function.await()).isNotNull();
  }

  @Test
  void whatIsRaisedIsThrownToWhoeverWaits() {
    start(Long.MAX_VALUE / 2_000_000);
    assertThatThrownBy(
            () ->
                function.call(
                    inside -> {
                      throw new IllegalStateException("of Python");
                    }))
        .hasMessage("of Python");
    assertThat(function.call(inside -> new byte[] {7})).containsExactly(7);
  }

  @Test
  void aFunctionThatTakesTooLongIsInterruptedWhileTheTaskWaits() {
    start(20);
    python.may.drainPermits();
    function.start(frame());
    function.await();
    assertThat(function.hung()).isNotNull();
    assertThat(function.isLeft()).isFalse();
    assertThat(python.isStopped).isTrue();
  }

  @Test
  void itIsInterruptedAsWellWhileTheTaskOnlyLooksInBetween() throws Exception {
    start(20);
    python.may.drainPermits();
    function.start(frame());
    while (!function.look()) {
      Thread.sleep(5);
    }
    assertThat(function.hung()).isNotNull();
    assertThat(function.await()).isNull();
  }

  @Test
  void oneThatTakesNoNoticeIsKilledWhereThatCanBe() {
    start(20);
    python.takesNotice = false;
    python.canBeKilled = true;
    python.may.drainPermits();
    function.start(frame());
    function.await();
    assertThat(python.isKilled).isTrue();
    assertThat(function.isLeft()).isFalse();
    assertThat(function.close(true)).isNull();
  }

  @Test
  void cancellingInterruptsWhatIsUnderWay() {
    start(Long.MAX_VALUE / 2_000_000);
    python.may.drainPermits();
    function.start(frame());
    isCancelled.set(true);
    Thread.currentThread().interrupt(); // as Flink does
    assertThatThrownBy(function::await).isInstanceOf(CancelTaskException.class);
    assertThat(Thread.interrupted()).isTrue();
    assertThat(python.isStopped).isTrue();
  }

  @Test
  void closingEndsWhatIsStillUnderWayAndThenClosesTheFunction() {
    start(Long.MAX_VALUE / 2_000_000);
    python.may.drainPermits();
    function.start(frame());
    assertThat(function.close(true)).isNotNull();
    assertThat(python.isStopped).isTrue();
    assertThat(python.did).contains("close", "end");
  }

  private static byte[] frame() {
    Packer packer = new Packer();
    packer.arrayHeader(9);
    packer.whole(Batch.RECORDS);
    for (int i = 0; i < 5; i++) {
      packer.nil();
    }
    packer.whole(0);
    packer.bool(true);
    packer.arrayHeader(0);
    return packer.copy();
  }
}
