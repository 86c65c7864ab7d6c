# SPDX-License-Identifier: Apache-2.0
"""What the refusals of Elasticsearch mean, as our client tells them."""

from __future__ import annotations

from flinksec_jobs.findings import problem
from flinksec_jobs.refusals import over_https
from flinksec_jobs.refusals.cause import Cause
from flinksec_jobs.refusals.no_connection import NO_TLS

CREDENTIALS = problem("elasticsearch-login-refused", "Elasticsearch refuses the credentials")
INDEX_FORBIDDEN = problem("elasticsearch-not-authorized", "the job has no right on an index")
INDEX_NAME = problem("index-name-invalid", "no index can have this name")
SOMETHING_ELSE = problem(
    "elasticsearch-is-something-else", "another program than Elasticsearch answers"
)
ELASTICSEARCH_SILENT = problem("elasticsearch-not-reached", "Elasticsearch does not answer")

ELASTICSEARCH = over_https.causes(
    "elasticsearch",
    "hosts",
    (
        Cause(
            "elasticsearch.kerberos",
            "elasticsearch.kerberos",
            "compare kerberos.principal and keytab with `klist -k`, and the node's name with its "
            "principal",
            CREDENTIALS,
        ),
        Cause(
            "does not speak TLS",
            "elasticsearch.hosts",
            "check that this is its HTTP port, and that TLS is on there (xpack.security.http.ssl)",
            NO_TLS,
        ),
        Cause(
            "refuses the credentials",
            "elasticsearch.username",
            "check user name and password, or "
            "the API key; a newline at the end of their files does not count",
            CREDENTIALS,
        ),
        Cause(
            "does not allow this on index",
            "elasticsearch.username",
            "give the user or API key the "
            "privileges `index` and `view_index_metadata` on the index, and `auto_configure` or "
            "`create_index` where it does not exist yet",
            INDEX_FORBIDDEN,
        ),
        Cause(
            "for the name of an index",
            "to_elasticsearch",
            "choose another name for the index",
            INDEX_NAME,
        ),
        Cause(
            "is it Elasticsearch?",
            "elasticsearch.hosts",
            "ask it with curl: a proxy or another program seems to answer there",
            SOMETHING_ELSE,
        ),
    ),
    something_else=SOMETHING_ELSE,
    silent=ELASTICSEARCH_SILENT,
)
