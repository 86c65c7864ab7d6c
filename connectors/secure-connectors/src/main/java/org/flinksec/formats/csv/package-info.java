// SPDX-License-Identifier: Apache-2.0

/** CSV as a format of records: one line each, without a header. */
package org.flinksec.formats.csv;
