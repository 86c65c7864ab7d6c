// SPDX-License-Identifier: Apache-2.0
package org.flinksec.functions;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.apache.flink.api.common.functions.RuntimeContext;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.util.KeyedOneInputStreamOperatorTestHarness;
import org.apache.flink.types.Row;
import org.flinksec.rows.Shape;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A key that is in a batch, and in the one that is collected meanwhile, has one state. */
class StatesOfBatchesTest {
  @SuppressWarnings({"unchecked", "rawtypes"})
  private static final TypeInformation<Object> KEY = (TypeInformation) Types.ROW(Types.STRING);

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void theNextBatchHasTheStatesOfTheOneBeforeAlsoWhereTheyGoBackEachTime(boolean small)
      throws Exception {
    Sums python = new Sums(small);
    try (KeyedOneInputStreamOperatorTestHarness<Object, Object, Object> harness =
        new KeyedOneInputStreamOperatorTestHarness<>(
            new Operator(python), element -> Row.of(((Row) element).getField(0)), KEY)) {
      harness.open();
      long[] sums = new long[2];
      for (long n = 1; n <= 40; n++) {
        harness.processElement(
            new StreamRecord<>(Row.of("k" + n % 2, n))); // batches of three, so keys overlap
        sums[(int) (n % 2)] += n;
      }
      harness.prepareSnapshotPreBarrier(1);
      assertThat(harness.extractOutputValues()).hasSize(40);
      assertThat(harness.extractOutputValues().subList(38, 40))
          .isEqualTo(List.<Object>of(sums[1], sums[0]));
      assertThat(python.begunAnew > 1).isEqualTo(!small);
    }
  }

  /** The sum of each key's numbers: eight bytes of state. */
  private static final class Sums extends FakePython {
    private final boolean small;
    private long[] held = new long[0];
    private boolean[] isChanged = new boolean[0];
    private int begunAnew;

    Sums(boolean small) {
      this.small = small;
    }

    @Override
    public byte[] open(RuntimeContext context, KeyedBlobs states) {
      states.register(
          "sum",
          "{\"kind\":\"value\",\"nullable\":true,\"parts\":[{\"kind\":\"int\"}]}",
          small,
          null);
      return super.open(context, states);
    }

    @Override
    byte[] answer(Unpacker frame) {
      frame.arrayHeader();
      frame.whole();
      skipTimes(frame);
      frame.arrayHeader();
      int made = frame.arrayHeader();
      long[] of = new long[made];
      for (int i = 0; i < made; i++) {
        of[i] = frame.nil() ? 0 : java.nio.ByteBuffer.wrap(frame.binary()).getLong();
      }
      int[] places = new int[frame.arrayHeader()];
      for (int i = 0; i < places.length; i++) {
        places[i] = frame.small();
      }
      int keys = frame.arrayHeader();
      for (int i = 0; i < keys; i++) {
        frame.text();
      }
      begin(frame.small(), of);
      boolean giveBack = frame.bool();
      int count = frame.arrayHeader();
      Packer results = new Packer();
      results.arrayHeader(count);
      for (int i = 0; i < count; i++) {
        held[places[i]] += frame.whole();
        isChanged[places[i]] = true;
        results.whole(held[places[i]]);
      }
      return told(giveBack, results);
    }

    private void skipTimes(Unpacker frame) {
      if (!frame.nil()) {
        frame.whole();
      }
      assertThat(frame.nil()).isTrue();
    }

    private void begin(int told, long[] of) {
      begunAnew += told == 0 ? 1 : 0;
      long[] before = held;
      boolean[] changedBefore = isChanged;
      held = new long[told + of.length];
      isChanged = new boolean[held.length];
      System.arraycopy(before, 0, held, 0, told);
      System.arraycopy(changedBefore, 0, isChanged, 0, told);
      System.arraycopy(of, 0, held, told, of.length);
    }

    private byte[] told(boolean giveBack, Packer results) {
      Packer packer = new Packer();
      packer.arrayHeader(6);
      packer.nil();
      if (giveBack) {
        int changed = 0;
        for (boolean each : isChanged) {
          changed += each ? 2 : 0;
        }
        packer.arrayHeader(1);
        packer.arrayHeader(changed);
        for (int i = 0; i < held.length; i++) {
          if (isChanged[i]) {
            packer.whole(i);
            packer.binary(java.nio.ByteBuffer.allocate(8).putLong(held[i]).array());
            isChanged[i] = false;
          }
        }
      } else {
        packer.nil();
      }
      packer.arrayHeader(0);
      packer.nil();
      packer.append(results);
      packer.arrayHeader(0);
      return packer.copy();
    }
  }

  /** The least that an operator of batches is. */
  private static final class Operator extends AbstractStreamOperator<Object>
      implements BatchOperator {
    private static final long serialVersionUID = 1L;

    private final transient Sums python;
    private final FunctionPlan plan =
        new FunctionPlan(
            new byte[0],
            Shape.ofValue(Types.LONG),
            Shape.ofValue(Types.STRING),
            Shape.ofValue(Types.LONG),
            false);
    private transient Batches batches;

    Operator(Sums python) {
      this.python = python;
    }

    @Override
    public FunctionPlan plan() {
      return plan;
    }

    @Override
    public Batches batches() {
      return batches;
    }

    @Override
    public void open() throws Exception {
      Configuration config = new Configuration();
      config.setString("flinksec.python.batch-records", "3");
      batches =
          plan.batches(
              this, python, config, element -> Row.of(((Row) element).getField(0)), output);
      batches.open(getRuntimeContext(), Patience.of(config));
    }

    @Override
    @SuppressWarnings("rawtypes")
    public void setKeyContextElement1(StreamRecord record) {
      // the batches set it
    }

    @Override
    public void prepareSnapshotPreBarrier(long checkpoint) throws Exception {
      batches.drain();
      batches.takeStates();
    }

    @Override
    public void close() throws Exception {
      batches.close();
      super.close();
    }
  }
}
