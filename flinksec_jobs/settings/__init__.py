# SPDX-License-Identifier: Apache-2.0
"""The settings of a job: frozen models, and `load_settings`, which alone reads them."""

from flinksec_jobs.sections.durations import duration, format_duration
from flinksec_jobs.settings.cluster import ClusterSettings
from flinksec_jobs.settings.cluster_tls import ClusterTlsSettings
from flinksec_jobs.settings.elasticsearch import ElasticsearchSettings
from flinksec_jobs.settings.hdfs import HdfsClusterSettings, HdfsSettings
from flinksec_jobs.settings.https import HttpsSettings
from flinksec_jobs.settings.job_itself import JobSettings
from flinksec_jobs.settings.kafka import KafkaSettings
from flinksec_jobs.settings.kerberos_login import KerberosSettings
from flinksec_jobs.settings.load import load_settings, parse, refuse_nothing
from flinksec_jobs.settings.models import Settings
from flinksec_jobs.settings.python_functions import PythonSettings
from flinksec_jobs.settings.schema_registry import SchemaRegistrySettings
from flinksec_jobs.settings.state import StateSettings

__all__ = [
    "ClusterSettings",
    "ClusterTlsSettings",
    "ElasticsearchSettings",
    "HdfsClusterSettings",
    "HdfsSettings",
    "HttpsSettings",
    "JobSettings",
    "KafkaSettings",
    "KerberosSettings",
    "PythonSettings",
    "SchemaRegistrySettings",
    "Settings",
    "StateSettings",
    "duration",
    "format_duration",
    "load_settings",
    "parse",
    "refuse_nothing",
]
