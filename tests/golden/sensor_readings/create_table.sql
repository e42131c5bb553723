-- grain: one row an archived item; a month becomes visible when its partition is registered
-- purpose: the published table of an archive; columns are appended later through the Glue API
CREATE EXTERNAL TABLE IF NOT EXISTS `plant_archive`.`readings` (
    `sensor` string,
    `measuredat` bigint,
    `celsius` decimal(9,3),
    `tags` array<string>,
    `deleteafter` bigint
)
PARTITIONED BY (`year` string, `month` string)
ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe'
WITH SERDEPROPERTIES (
    'mapping.sensor' = 'sensor',
    'mapping.measuredat' = 'measuredAt',
    'mapping.celsius' = 'celsius',
    'mapping.tags' = 'tags',
    'mapping.deleteafter' = 'deleteAfter',
    'case.insensitive' = 'false'
)
LOCATION 's3://test-archive/sensors/readings/'
TBLPROPERTIES ('ttl_archive.archive' = 'sensor_readings')
