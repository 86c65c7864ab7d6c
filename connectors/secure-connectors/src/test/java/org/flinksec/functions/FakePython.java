// SPDX-License-Identifier: Apache-2.0
package org.flinksec.functions;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Semaphore;
import org.apache.flink.api.common.functions.RuntimeContext;

/** Puts out what it gets: the longs of records, each with what state its key had before. */
class FakePython implements Python {
  /** One for each batch that it may answer; without limit unless a test takes them. */
  final Semaphore may = new Semaphore(1_000_000);

  final List<String> did = new CopyOnWriteArrayList<>();
  volatile boolean takesNotice = true;
  volatile boolean canBeKilled;
  volatile boolean isStopped;
  volatile boolean isKilled;
  volatile boolean closesBadly;
  private volatile Thread inside;

  private static byte[] nothing() {
    Packer packer = new Packer();
    packer.arrayHeader(1);
    packer.nil();
    return packer.copy();
  }

  @Override
  public String load() {
    return "fake";
  }

  @Override
  public byte[] open(RuntimeContext context, KeyedBlobs states) {
    did.add("open");
    return nothing();
  }

  @Override
  public byte[] close() {
    did.add("close");
    if (closesBadly) {
      throw new IllegalStateException("cannot be closed");
    }
    return isKilled ? null : nothing();
  }

  @Override
  public void end() {
    did.add("end");
  }

  @Override
  public byte[] ask(char what) {
    if (what == 's') {
      isStopped = true;
      if (takesNotice) {
        inside.interrupt();
      }
      return new byte[0];
    }
    Packer packer = new Packer();
    packer.arrayHeader(2);
    packer.whole(0);
    packer.arrayHeader(0);
    return packer.copy();
  }

  @Override
  public void endAsking() {
    did.add("end asking");
  }

  @Override
  public boolean canBeKilled() {
    return canBeKilled;
  }

  @Override
  public void kill() {
    isKilled = true;
    inside.interrupt();
  }

  @Override
  public void check() {
    // It takes nothing.
  }

  @Override
  public byte[] call(byte[] frame) throws Exception {
    inside = Thread.currentThread();
    while (true) {
      try {
        may.acquire();
        break;
      } catch (InterruptedException stopped) {
        if (takesNotice || isKilled) {
          throw stopped;
        }
      }
    }
    return answer(new Unpacker(frame));
  }

  /** Reads a frame without keys, and gives each record back. */
  byte[] answer(Unpacker frame) {
    frame.arrayHeader();
    long kind = frame.whole();
    if (!frame.nil()) {
      frame.whole();
    }
    int times = frame.nil() ? 0 : frame.arrayHeader();
    for (int i = 0; i < times; i++) {
      if (!frame.nil()) {
        frame.whole();
      }
    }
    frame.nil();
    frame.nil();
    frame.nil();
    frame.whole();
    frame.bool();
    int count = frame.arrayHeader();
    Packer packer = new Packer();
    packer.arrayHeader(4);
    packer.nil();
    packer.nil();
    packer.arrayHeader(count);
    StringBuilder told = new StringBuilder("batch " + kind + ":");
    for (int i = 0; i < count; i++) {
      long value = frame.whole();
      told.append(' ').append(value);
      packer.whole(value);
    }
    packer.arrayHeader(0);
    did.add(told.toString());
    return packer.copy();
  }
}
