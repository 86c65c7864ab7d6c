// SPDX-License-Identifier: Apache-2.0
package org.flinksec.tables;

import org.flinksec.badrecords.OnBadRecord;

/**
 * What becomes of records that are no rows of a table.
 *
 * @param onError what the table chose
 * @param mostSkipped how many may be left out in a row; 0 for any number
 * @param letters gets the stream of dead letters, where there is one
 * @param cluster that they come from
 */
record BadRows(OnBadRecord onError, int mostSkipped, LettersOfTables letters, String cluster) {}
