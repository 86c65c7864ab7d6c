// SPDX-License-Identifier: Apache-2.0
package org.flinksec.metrics;

import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.Metric;
import org.apache.flink.metrics.MetricConfig;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.metrics.reporter.MetricReporter;
import org.apache.flink.metrics.reporter.Scheduled;
import org.apache.flink.runtime.metrics.groups.ProcessGroups;

/**
 * Adds metrics of our own to those of Flink's processes and jobs, so that every reporter has them.
 *
 * <p>It is a reporter itself, since Flink starts those in each process, tells them of the groups of
 * metrics, and wakes them from time to time. Files are looked at then and not when a figure is
 * asked for.
 */
public final class OwnGauges implements MetricReporter, Scheduled {
  /** The group of all metrics of ours. */
  static final String GROUP = "flinksec";

  /** The option that says what is watched. */
  static final String WATCHED = "watched";

  private static final String NONE = "-";

  private final Clock clock;
  private final ThreadPoolExecutor looking =
      new ThreadPoolExecutor(
          1,
          1,
          0,
          TimeUnit.SECONDS,
          new LinkedBlockingQueue<>(),
          task -> {
            Thread thread = new Thread(task, "flinksec-gauges");
            thread.setDaemon(true);
            return thread;
          });
  private final SealedFigures sealed = new SealedFigures();
  private final Map<MetricGroup, String> processes = new ConcurrentHashMap<>();
  private final Map<Metric, JobAges> jobs = new ConcurrentHashMap<>();
  private final Map<Metric, Boolean> newJobs = new ConcurrentHashMap<>();
  private List<CertificateLife> certificates = List.of();
  private List<LoginLife> logins = List.of();
  private SavepointAge savepoints;
  private Watched watched;

  public OwnGauges() {
    this(Clock.systemUTC());
  }

  OwnGauges(Clock clock) {
    this.clock = clock;
  }

  @Override
  public void open(MetricConfig config) {
    watched = Watched.of(config.getString(WATCHED, ""));
    certificates =
        watched.certificates().stream().map(one -> new CertificateLife(one, clock)).toList();
    logins = watched.logins().stream().map(one -> new LoginLife(one, clock)).toList();
    savepoints =
        watched.savepoints().isEmpty() ? null : new SavepointAge(watched.savepoints(), clock);
  }

  @Override
  public void close() {
    looking.shutdownNow();
    processes.clear();
    jobs.clear();
  }

  @Override
  public void notifyOfAddedMetric(Metric metric, String name, MetricGroup group) {
    MetricGroup process = ProcessGroups.of(group);
    if (process != null) {
      // The key that its gauge tells of: none yet.
      processes.putIfAbsent(process, "");
    }
    JobAges job = JobAges.of(metric, name, group, clock);
    if (job != null) {
      jobs.put(metric, job);
      newJobs.put(metric, true);
    }
  }

  @Override
  public void notifyOfRemovedMetric(Metric metric, String name, MetricGroup group) {
    jobs.remove(metric);
    newJobs.remove(metric);
  }

  /** Has everything looked at, by a thread that may wait for a server; Flink's may not. */
  @Override
  public void report() {
    if (looking.getQueue().isEmpty() && looking.getActiveCount() == 0) {
      looking.execute(this::look);
    }
  }

  /** Looks at everything, and adds what a process or job does not have yet. */
  void look() {
    certificates.forEach(CertificateLife::look);
    logins.forEach(LoginLife::look);
    if (savepoints != null && !jobs.isEmpty()) {
      savepoints.look();
    }
    for (Metric metric : newJobs.keySet()) {
      newJobs.remove(metric);
      JobAges job = jobs.get(metric);
      if (job != null) {
        addTo(job);
      }
    }
    for (Map.Entry<MetricGroup, String> process : processes.entrySet()) {
      if (process.getValue().isEmpty()) {
        addTo(process.getKey());
      }
      process.setValue(tellOfKey(process.getKey(), process.getValue()));
    }
  }

  private void addTo(JobAges job) {
    MetricGroup ours = job.group().addGroup(GROUP);
    gauge(ours, "checkpointAge", () -> job.checkpointAge(clock));
    if (savepoints != null) {
      gauge(ours, "savepointAge", savepoints::seconds);
    }
  }

  private void addTo(MetricGroup process) {
    MetricGroup ours = process.addGroup(GROUP);
    for (int i = 0; i < certificates.size(); i++) {
      CertificateLife life = certificates.get(i);
      MetricGroup one = ours.addGroup("certificate", watched.certificates().get(i).setting());
      gauge(one, "secondsLeft", life::secondsLeft);
      gauge(one, "readable", () -> life.isReadable() ? 1 : 0);
    }
    for (int i = 0; i < logins.size(); i++) {
      LoginLife life = logins.get(i);
      Watched.Login login = watched.logins().get(i);
      MetricGroup one = ours.addGroup("login", login.section());
      gauge(one, "ticketSecondsLeft", life::ticketSecondsLeft);
      gauge(one, "failedLogins", life::failures);
      gauge(one, "present", life::isPresent);
      if (login.keytab()) {
        gauge(one, "kvno", life::keyVersion);
      }
    }
    gauge(ours, "failedUnseals", sealed::failedUnseals);
    gauge(ours, "failedUnwraps", sealed::failedUnwraps);
    gauge(ours, "residentMemory", ResidentMemory::bytes);
  }

  /** A key's id is a label, so a gauge for each; the one that is in use says 1. */
  private String tellOfKey(MetricGroup process, String before) {
    String now = sealed.keyId();
    if (!now.isEmpty() && !now.equals(before)) {
      MetricGroup one = process.addGroup(GROUP).addGroup("key", now);
      gauge(one, "inUse", () -> sealed.keyId().equals(now) ? 1 : 0);
    }
    return now.isEmpty() ? NONE : now;
  }

  /**
   * Adds a figure as an object of its own. Flink's query service and reporters find a metric by its
   * object, and a method reference without a receiver is one object for all groups: where a
   * JobManager and a TaskManager share a process, one of the two would lose it.
   */
  private static <T extends Number> void gauge(MetricGroup group, String name, Gauge<T> value) {
    group.gauge(
        name,
        new Gauge<T>() {
          @Override
          public T getValue() {
            return value.getValue();
          }
        });
  }
}
