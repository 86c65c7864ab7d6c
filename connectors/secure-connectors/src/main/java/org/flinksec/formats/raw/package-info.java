// SPDX-License-Identifier: Apache-2.0

/** Bytes as they are as a format of records: one field, its text or its bytes. */
package org.flinksec.formats.raw;
