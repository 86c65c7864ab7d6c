// SPDX-License-Identifier: Apache-2.0

/**
 * What becomes of records that cannot be used, the same for every reader and writer: what they are,
 * what a job chooses by {@code on_error}, and when it is too many.
 *
 * <p>The words of {@link org.flinksec.badrecords.OnBadRecord}, {@link
 * org.flinksec.badrecords.Stage} and {@link org.flinksec.badrecords.BadRecord} are those of
 * Python's {@code flinksec_jobs.bad_records}; a test compares the two.
 */
package org.flinksec.badrecords;
