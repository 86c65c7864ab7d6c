// SPDX-License-Identifier: Apache-2.0
/**
 * What a diagnosis asks in the JVM that a job would have, beside the questions of the connectors.
 *
 * <p>Nothing here is used by a running job.
 */
package org.flinksec.doctor;
