// SPDX-License-Identifier: Apache-2.0
/**
 * Logins of Kafka's clients, as Flink's connector has them.
 *
 * <p>A client's properties travel in the job graph and name files. The callback handlers here read
 * these files where the client runs, anew at each login, so that no secret travels and a changed
 * one is used without a restart.
 */
package org.flinksec.logins;
