// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sandbox;

import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;

/**
 * A client program that answers one question after the other, until its standard input ends: a JVM
 * and its classes are there for all of them.
 *
 * <p>A question is a line of arguments in Base64, with tabs between them; lines that begin with a
 * colon, which are given with it; and a line with a full stop. An answer is lines that begin with a
 * colon, and a line with a full stop, or one that begins with an exclamation mark and has the
 * causes of a failure, deepest first. A line ends with a line feed and with nothing else.
 */
public final class Conversation {
  private static final int BUFFER = 1 << 16;
  private static final char MORE = ':';
  private static final String WELL = ".";
  private static final char FAILED = '!';

  private final Lines in;
  private final Told told;

  private Conversation(InputStream in, OutputStream out) {
    this.in = new Lines(in);
    this.told = new Told(new BufferedOutputStream(out, BUFFER));
  }

  /** Answers a question. */
  public interface Client {
    /** Answers with lines. */
    void answer(List<String> arguments, Given given, Told told) throws Exception;
  }

  /** The lines that are given with a question. */
  public final class Given {
    private boolean isOver;

    private Given() {}

    /** Returns the next line, or null behind the last. */
    public String next() throws IOException {
      String line = isOver ? null : in.next();
      isOver = line == null || line.equals(WELL);
      return isOver ? null : line.substring(1);
    }
  }

  /** Where the lines of an answer go. */
  public static final class Told {
    private final OutputStream out;

    private Told(OutputStream out) {
      this.out = out;
    }

    /** Writes a line, or several if there are line feeds in it. */
    public void line(String text) throws IOException {
      write(MORE + text.replace("\n", "\n" + MORE));
    }

    /** Sends what was written so far. */
    public void flush() throws IOException {
      out.flush();
    }

    private void write(String line) throws IOException {
      out.write(line.getBytes(StandardCharsets.UTF_8));
      out.write('\n');
    }
  }

  /** Answers until standard input ends, and ends the JVM. */
  public static void hold(Client client) {
    int code = 0;
    try {
      new Conversation(System.in, System.out).answerAll(client);
    } catch (IOException gone) {
      code = 1;
    }
    Runtime.getRuntime().halt(code);
  }

  private void answerAll(Client client) throws IOException {
    for (String question = in.next(); question != null; question = in.next()) {
      Given given = new Given();
      String end = WELL;
      try {
        client.answer(arguments(question), given, told);
      } catch (Exception | LinkageError error) {
        end = FAILED + Answers.causes(error);
      }
      while (given.next() != null) {
        continue;
      }
      told.write(end);
      told.flush();
    }
  }

  private static List<String> arguments(String question) {
    return Arrays.stream(question.split("\t", -1))
        .map(one -> new String(Base64.getDecoder().decode(one), StandardCharsets.UTF_8))
        .toList();
  }

  /** Lines of UTF-8; a carriage return is a character like others. */
  private static final class Lines {
    private final InputStream in;
    private final byte[] buffer = new byte[BUFFER];
    private int at;
    private int end;

    private Lines(InputStream in) {
      this.in = in;
    }

    private String next() throws IOException {
      ByteArrayOutputStream before = new ByteArrayOutputStream();
      while (true) {
        for (int place = at; place < end; place++) {
          if (buffer[place] == '\n') {
            before.write(buffer, at, place - at);
            at = place + 1;
            return before.toString(StandardCharsets.UTF_8);
          }
        }
        before.write(buffer, at, end - at);
        at = 0;
        end = Math.max(in.read(buffer), 0);
        if (end == 0) {
          return null;
        }
      }
    }
  }
}
