-- SPDX-License-Identifier: Apache-2.0
-- Late departures, and how late each carrier is: a job of SQL alone.
--
--   flinksec run jobs/delays_by_carrier.sql --explain     plans it, and runs nothing
--   flinksec run jobs/delays_by_carrier.sql               runs it, with delays_by_carrier.toml
--
-- Where Kafka is, and who the job is, stands in the settings. Both outputs are written exactly once.
SET 'pipeline.name' = 'delays-by-carrier';
SET 'table.exec.source.idle-timeout' = '10 s';

CREATE TABLE flights (
    id           STRING NOT NULL,
    carrier      STRING NOT NULL,
    scheduled_at BIGINT NOT NULL,
    dep_delay    INT,                                  -- minutes; null for a flight that was cancelled
    departure AS TO_TIMESTAMP_LTZ(scheduled_at, 3),
    WATERMARK FOR departure AS departure - INTERVAL '5' MINUTE
) WITH (
    'connector' = 'flinksec-kafka',
    'topic' = 'flights',
    'format' = 'json',
    'scan.bounded.mode' = 'latest-offset'              -- ends; leave it out for a job that goes on
);

CREATE TABLE late_departures (
    id        STRING,
    carrier   STRING,
    dep_delay INT
) WITH (
    'connector' = 'flinksec-kafka',
    'topic' = 'late-departures',
    'format' = 'json'
);

-- One record for each carrier: the topic is compacted, and a new value takes the place of the last.
CREATE TABLE delays_by_carrier (
    carrier    STRING,
    departures BIGINT,
    mean_delay DOUBLE,
    PRIMARY KEY (carrier) NOT ENFORCED
) WITH (
    'connector' = 'flinksec-upsert-kafka',
    'topic' = 'delays-by-carrier',
    'key.format' = 'json',
    'value.format' = 'json'
);

CREATE VIEW departed AS SELECT * FROM flights WHERE dep_delay IS NOT NULL;

EXECUTE STATEMENT SET BEGIN
    INSERT INTO late_departures SELECT id, carrier, dep_delay FROM departed WHERE dep_delay > 15;
    INSERT INTO delays_by_carrier
        SELECT carrier, COUNT(*), AVG(CAST(dep_delay AS DOUBLE)) FROM departed GROUP BY carrier;
END;
