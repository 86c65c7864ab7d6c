// SPDX-License-Identifier: Apache-2.0
/**
 * TLS contexts from PEM files.
 *
 * <p>Settings hold paths and travel inside a job graph; the files are read on the task that
 * connects, so that no key material is ever serialised.
 */
package org.flinksec.tls;
