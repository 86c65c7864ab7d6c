// SPDX-License-Identifier: Apache-2.0
package org.flinksec.tables;

/** Tables would have run a job of their own. */
public final class RunRefusedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  RunRefusedException() {
    super(
        "this statement would run a job of its own, past the checks of the job, and from nothing"
            + " each time: job.sql(…) takes INSERT, attach_as_datastream() of a statement set and"
            + " to_data_stream(…) leave the rest to the job");
  }
}
