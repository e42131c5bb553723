-- grain: one row an item of the published month
-- purpose: writes the month as Parquet into an empty folder that no table shows yet
UNLOAD (
    SELECT
        "userid" AS "userid",
        "action" AS "action",
        "timestamp" AS "timestamp",
        "expiresat" AS "expiresat"
    FROM "usage_archive"."logs"
    WHERE year = '2025' AND month = '03'
)
TO 's3://test-archive/_parquet/usage_logs/year=2025/month=03/0123456789ab-ba9876543210-1/'
WITH (format = 'PARQUET', compression = 'ZSTD')
