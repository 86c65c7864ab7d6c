// SPDX-License-Identifier: Apache-2.0
package org.flinksec.availability;

/** What a JobManager does that finds another job stored than its own. */
enum OnChangedJob {
  /** It runs its own from the last checkpoint of the stored one. */
  REPLACE,
  /** It ends. */
  REFUSE
}
