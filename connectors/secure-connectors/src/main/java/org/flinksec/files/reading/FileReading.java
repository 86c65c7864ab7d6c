// SPDX-License-Identifier: Apache-2.0
package org.flinksec.files.reading;

import java.io.Serializable;
import org.flinksec.badrecords.OnBadRecord;
import org.flinksec.badrecords.SkipBrake;
import org.flinksec.rows.Shape;

/** What a job says about how it reads files; {@link #build} makes what Flink takes. */
public final class FileReading implements Serializable {
  private static final long serialVersionUID = 1L;

  final String directory;
  final Shape shape;
  RecordFiles files;
  long watchMillis;
  long part;
  OnBadRecord onError = OnBadRecord.FAIL;
  int mostSkipped = SkipBrake.DEFAULT;
  int eventTime = -1;
  boolean letters;

  private FileReading(String directory, Shape shape) {
    this.directory = directory;
    this.shape = shape;
  }

  /**
   * @param directory a URI; or that of a file
   * @param shape of the rows, see {@link Shape#parse}
   */
  public static FileReading of(String directory, String shape) {
    return new FileReading(directory, Shape.parse(shape));
  }

  static FileReading of(String directory, Shape shape) {
    return new FileReading(directory, shape);
  }

  /**
   * @param millis between two looks for new files; 0 to end with those that are there
   */
  public FileReading watch(long millis) {
    watchMillis = millis;
    return this;
  }

  /**
   * @param word of {@link OnBadRecord}
   * @param most how many records may be left out in a row; 0 for any number
   */
  public FileReading onError(String word, int most) {
    onError = OnBadRecord.parse(word);
    mostSkipped = most;
    return this;
  }

  /**
   * @param field must hold a time, since watermarks follow it; empty for none
   */
  public FileReading eventTime(String field) {
    eventTime = field.isEmpty() ? -1 : shape.position(field);
    return this;
  }

  /** Gives rows and letters, which {@link FileLetters} takes apart, in place of rows. */
  public FileReading letters() {
    letters = true;
    return this;
  }

  /** Shares files in parts of so many bytes, whatever blocks they have. */
  FileReading part(long bytes) {
    part = bytes;
    return this;
  }

  /**
   * @param files the format
   * @throws IllegalArgumentException if it has no form for a field
   */
  public DirectorySource build(RecordFiles files) {
    files.check(shape);
    this.files = files;
    return new DirectorySource(this);
  }
}
