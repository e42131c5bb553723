-- grain: one row a line, whatever is on it; a partition a generation
-- purpose: audits staged lines as text, since the JSON SerDe turns a malformed line into NULLs
-- A line of JSON never holds the byte 0x01, so the whole line is one column.
CREATE EXTERNAL TABLE IF NOT EXISTS `usage_archive`.`logs__audit` (
    `line` string
)
PARTITIONED BY (`generation` string)
ROW FORMAT DELIMITED FIELDS TERMINATED BY '\001'
STORED AS TEXTFILE
LOCATION 's3://test-archive/_staging/usage_logs/'
TBLPROPERTIES ('ttl_archive.archive' = 'usage_logs')
