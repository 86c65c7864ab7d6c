# SPDX-License-Identifier: Apache-2.0
"""What a job expects of Elasticsearch in files: read, compared with the servers, and applied."""
