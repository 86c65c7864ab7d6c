// SPDX-License-Identifier: Apache-2.0

/** Starts a schema registry, Apicurio's, behind a door that asks for a login. */
package org.flinksec.sandbox.schemaregistry;
