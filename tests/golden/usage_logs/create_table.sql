-- grain: one row an archived item; a month becomes visible when its partition is registered
-- purpose: the published table of an archive; columns are appended later through the Glue API
CREATE EXTERNAL TABLE IF NOT EXISTS `usage_archive`.`logs` (
    `userid` string,
    `action` string,
    `timestamp` string,
    `expiresat` bigint
)
PARTITIONED BY (`year` string, `month` string)
ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe'
WITH SERDEPROPERTIES (
    'mapping.userid' = 'userId',
    'mapping.action' = 'action',
    'mapping.timestamp' = 'timestamp',
    'mapping.expiresat' = 'expiresAt',
    'case.insensitive' = 'false'
)
LOCATION 's3://test-archive/logs/'
TBLPROPERTIES ('ttl_archive.archive' = 'usage_logs')
