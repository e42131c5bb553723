-- grain: one row for the month
-- purpose: compares the compacted rows with the published ones, value by value, each as often as it is there
WITH sides AS (
    SELECT
        "userid" AS value_1,
        "action" AS value_2,
        "timestamp" AS value_3,
        "expiresat" AS value_4,
        1 AS published,
        0 AS compacted
    FROM "usage_archive"."logs"
    WHERE year = '2025' AND month = '03'
    UNION ALL
    SELECT
        "userid" AS value_1,
        "action" AS value_2,
        "timestamp" AS value_3,
        "expiresat" AS value_4,
        0 AS published,
        1 AS compacted
    FROM "usage_archive"."logs_parquet__audit"
    WHERE folder = '0123456789ab-ba9876543210-1'
),

compared AS (
    SELECT
        SUM(published) AS published,
        SUM(compacted) AS compacted
    FROM sides
    GROUP BY value_1, value_2, value_3, value_4
)

SELECT
    COALESCE(SUM(published), 0) AS published_rows,
    COALESCE(SUM(compacted), 0) AS compacted_rows,
    COUNT_IF(published <> compacted) AS differing_rows
FROM compared
