-- grain: one row for the month
-- purpose: compares the compacted rows with the published ones, value by value, each as often as it is there
WITH sides AS (
    SELECT
        "sensor" AS value_1,
        "measuredat" AS value_2,
        "celsius" AS value_3,
        "tags" AS value_4,
        "deleteafter" AS value_5,
        1 AS published,
        0 AS compacted
    FROM "plant_archive"."readings"
    WHERE year = '2025' AND month = '03'
    UNION ALL
    SELECT
        "sensor" AS value_1,
        "measuredat" AS value_2,
        "celsius" AS value_3,
        "tags" AS value_4,
        "deleteafter" AS value_5,
        0 AS published,
        1 AS compacted
    FROM "plant_archive"."readings_parquet__audit"
    WHERE folder = '0123456789ab-ba9876543210-1'
),

compared AS (
    SELECT
        SUM(published) AS published,
        SUM(compacted) AS compacted
    FROM sides
    GROUP BY value_1, value_2, value_3, value_4, value_5
)

SELECT
    COALESCE(SUM(published), 0) AS published_rows,
    COALESCE(SUM(compacted), 0) AS compacted_rows,
    COUNT_IF(published <> compacted) AS differing_rows
FROM compared
