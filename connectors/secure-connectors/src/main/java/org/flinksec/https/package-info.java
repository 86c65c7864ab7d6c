// SPDX-License-Identifier: Apache-2.0
/**
 * Servers that are reached over HTTPS: how the settings say so, and the one HTTP client of it.
 *
 * <p>Settings hold paths and travel inside a job graph; files are read on the task that connects,
 * again and again, so that what is replaced is used without a restart.
 */
package org.flinksec.https;
