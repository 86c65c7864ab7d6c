// SPDX-License-Identifier: Apache-2.0
package org.flinksec.functions;

import java.io.BufferedReader;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.apache.flink.api.common.functions.RuntimeContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A function in a process of its own, with its own lock of Python, to which the same bytes go as
 * inside of the JVM, through pipes that nobody else can open.
 *
 * <p>Each message is a letter, its length and its bytes; {@code
 * flinksec_jobs.functions.own_process} has the other side. The process ends when its thread does,
 * or the pipe to it: it never outlives the JVM. What it writes to its outputs is in Flink's log.
 */
final class ProcessPython implements Python {
  private static final Logger LOG = LoggerFactory.getLogger(ProcessPython.class);
  private static final int LONGEST_LINE = 2000;
  private static final int SIGNALLED = 128;
  private static final long SECONDS_TO_END = 5;
  private static final String KILLED =
      " (SIGKILL), as the machine or container does when no memory is left";

  private final ProcessStart start;
  private final byte[] payload;
  private final ProcessMetrics metrics;
  private final LinkedBlockingQueue<byte[]> seen = new LinkedBlockingQueue<>();
  private volatile Process process;
  private volatile boolean wasKilled;
  private boolean isOutOfStep;
  private DataOutputStream out;
  private DataInputStream in;
  private String name = "a Python function";
  private KeyedBlobs states;
  private int question;

  /**
   * How a process is started.
   *
   * @param command with its arguments
   * @param environment all of it
   * @param directory to start in; null for that of the JVM
   * @param mostBytes of memory that it may have; the largest number for any
   */
  record ProcessStart(
      List<String> command, Map<String, String> environment, File directory, long mostBytes) {}

  /**
   * @param payload the function and all about it, pickled
   * @param metrics of the operator
   */
  ProcessPython(ProcessStart start, byte[] payload, ProcessMetrics metrics) {
    this.start = start;
    this.payload = payload;
    this.metrics = metrics;
  }

  @Override
  public String load() throws IOException {
    ProcessBuilder builder = new ProcessBuilder(start.command()).directory(start.directory());
    builder.environment().clear();
    builder.environment().putAll(start.environment());
    process = builder.start();
    out = new DataOutputStream(process.getOutputStream());
    in = new DataInputStream(process.getInputStream());
    Thread logging = new Thread(this::log, Thread.currentThread().getName() + ", log");
    logging.setDaemon(true);
    logging.start();
    metrics.watch(() -> ProcessMemory.of(process.pid()));
    send('p', payload);
    byte[] told = receive();
    Unpacker answer = new Unpacker(told);
    answer.arrayHeader();
    if (answer.nil()) {
      name = answer.text();
      return name;
    }
    answer.arrayHeader();
    answer.arrayHeader();
    throw PythonFunctionException.read(answer, "");
  }

  @Override
  public byte[] open(RuntimeContext context, KeyedBlobs keyed) throws IOException {
    states = keyed;
    Packer told = new Packer();
    told.arrayHeader(8);
    told.text(context.getTaskInfo().getTaskName());
    told.text(context.getTaskInfo().getTaskNameWithSubtasks());
    told.whole(context.getTaskInfo().getNumberOfParallelSubtasks());
    told.whole(context.getTaskInfo().getMaxNumberOfParallelSubtasks());
    told.whole(context.getTaskInfo().getIndexOfThisSubtask());
    told.whole(context.getTaskInfo().getAttemptNumber());
    Map<String, String> parameters = context.getGlobalJobParameters();
    told.arrayHeader(parameters.size() * 2);
    parameters.forEach(
        (key, value) -> {
          told.text(key);
          told.text(value);
        });
    told.bool(keyed != null);
    return asked('o', told.copy());
  }

  @Override
  public byte[] call(byte[] frame) throws IOException {
    return asked('b', frame);
  }

  @Override
  public byte[] close() throws IOException {
    if (wasKilled || isOutOfStep || !process.isAlive()) {
      return null; // which has been said
    }
    return asked('c', new byte[0]);
  }

  private byte[] asked(char what, byte[] bytes) throws IOException {
    send(what, bytes);
    return receive();
  }

  private void send(char what, byte[] bytes) throws IOException {
    try {
      synchronized (this) {
        out.writeByte(what);
        out.writeInt(bytes.length);
        out.write(bytes);
        out.flush();
      }
    } catch (IOException broken) {
      throw ended(broken);
    }
  }

  /** Takes what comes until it is an answer: states and metrics may be before it. */
  private byte[] receive() throws IOException {
    isOutOfStep = true; // if it fails: the process goes on, and its answer is not awaited
    while (true) {
      int what;
      byte[] bytes;
      try {
        what = in.readByte();
        bytes = new byte[in.readInt()];
        in.readFully(bytes);
      } catch (EOFException ended) {
        throw ended(ended);
      }
      switch (what) {
        case 'a' -> {
          isOutOfStep = false;
          return bytes;
        }
        case 's' -> register(bytes);
        case 'm' -> metrics.take(bytes);
        default -> seen.add(bytes);
      }
    }
  }

  private void register(byte[] bytes) {
    Unpacker read = new Unpacker(bytes);
    read.arrayHeader();
    String state = read.text();
    String type = read.text();
    boolean small = read.bool();
    states.register(state, type, small, read.nil() ? null : read.binary());
  }

  private PythonProcessException ended(IOException cause) {
    String how = "does not answer any more";
    try {
      if (process.waitFor(SECONDS_TO_END, TimeUnit.SECONDS)) {
        int code = process.exitValue();
        how =
            code > SIGNALLED
                ? "was ended by signal %d%s"
                    .formatted(code - SIGNALLED, code == SIGNALLED + 9 ? KILLED : "")
                : "has ended with code %d; its last lines are in the log".formatted(code);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return new PythonProcessException(
        "the process %d of %s %s".formatted(process.pid(), name, how), cause);
  }

  private void log() {
    try (BufferedReader lines =
        new BufferedReader(
            new InputStreamReader(process.getErrorStream(), StandardCharsets.UTF_8))) {
      String line;
      while ((line = lines.readLine()) != null) {
        LOG.info(
            "{} (process {}): {}",
            name,
            process.pid(),
            line.substring(0, Math.min(line.length(), LONGEST_LINE)));
      }
    } catch (IOException ended) {
      // so has the process
    }
  }

  @Override
  public void end() {
    if (process == null) {
      return;
    }
    try {
      process.getOutputStream().close(); // by which it ends
    } catch (IOException broken) {
      // then it has ended
    }
    try {
      if (!process.waitFor(SECONDS_TO_END, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
    }
  }

  @Override
  public byte[] ask(char what) throws IOException, InterruptedException {
    byte number = (byte) ++question;
    seen.clear();
    send(what == 'c' ? 'n' : what, new byte[] {number});
    while (what == 'l') {
      byte[] answer = seen.take();
      if (answer[0] == number) {
        return Arrays.copyOfRange(answer, 1, answer.length);
      }
    }
    return new byte[0];
  }

  @Override
  public void endAsking() {
    // All of it is the process's.
  }

  @Override
  public boolean canBeKilled() {
    return true;
  }

  @Override
  public void kill() {
    wasKilled = true;
    if (process != null) {
      process.destroyForcibly();
    }
  }

  @Override
  public void check() {
    Process running = process;
    if (running == null || wasKilled) {
      return;
    }
    long bytes = ProcessMemory.of(running.pid());
    if (bytes > start.mostBytes()) {
      kill();
      throw new PythonProcessException(
          ("the process %d of %s has %,d MiB of memory, more than the %,d MiB of"
                  + " python.process_memory, and was ended")
              .formatted(running.pid(), name, bytes >> 20, start.mostBytes() >> 20),
          null);
    }
  }
}
