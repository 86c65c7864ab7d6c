-- SPDX-License-Identifier: Apache-2.0
CREATE TABLE numbers (n BIGINT) WITH (
    'connector' = 'datagen',
    'fields.n.kind' = 'sequence', 'fields.n.start' = '1', 'fields.n.end' = '100'
);
CREATE TABLE nowhere (n BIGINT, total BIGINT) WITH ('connector' = 'blackhole');
INSERT INTO nowhere SELECT n, COUNT(*) FROM numbers GROUP BY n;
