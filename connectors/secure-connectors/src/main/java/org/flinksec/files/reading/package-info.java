// SPDX-License-Identifier: Apache-2.0

/** Files below a directory as a source: which there are, and the rows that are in them. */
package org.flinksec.files.reading;
