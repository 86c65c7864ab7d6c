// SPDX-License-Identifier: Apache-2.0

/**
 * What a JobManager with high availability does when the job that is stored is not the one that it
 * was started with.
 *
 * <p>Flink recovers the stored execution plan, runs the program all the same, and throws away what
 * it built: a changed setting would have no effect. Here each plan carries a record of what it was
 * made from. The record is a part of the plan, written with it in one step: it is never lost and
 * never older than the plan.
 */
package org.flinksec.availability;
