// SPDX-License-Identifier: Apache-2.0

/**
 * A client of schema registries that speak Confluent's REST interface: over HTTPS with the TLS
 * settings of the job, with bounded answers, and without following redirects.
 *
 * <p>It knows schemas as text; what is in them is their format's business.
 */
package org.flinksec.schemaregistry;
