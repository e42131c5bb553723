-- grain: one row for the staged generation
-- purpose: counts the staged lines independently of the exporter: all, distinct keys, unreadable, outside the month
WITH staged AS (
    SELECT
        CAST(LENGTH(JSON_EXTRACT_SCALAR(line, '$["sensor"]')) AS VARCHAR) || ':'
        || JSON_EXTRACT_SCALAR(line, '$["sensor"]')
        || CAST(LENGTH(JSON_EXTRACT_SCALAR(line, '$["measuredAt"]')) AS VARCHAR) || ':'
        || JSON_EXTRACT_SCALAR(line, '$["measuredAt"]') AS item_key,
        JSON_EXTRACT_SCALAR(line, '$["measuredAt"]') AS written
    FROM plant_archive.readings__audit
    WHERE generation = '0123456789ab'
),

dated AS (
    SELECT
        item_key,
        COALESCE(
            TRY_CAST(REGEXP_EXTRACT(written, '^([0-9]+)([.][0-9]*)?$', 1) AS BIGINT),
            TRY_CAST(FLOOR(TRY_CAST(written AS DOUBLE)) AS BIGINT)
        ) AS written_at
    FROM staged
),

placed AS (
    SELECT
        item_key,
        written_at >= 1740754800000
        AND written_at < 1743433200000 AS is_inside
    FROM dated
)

SELECT
    COUNT(*) AS lines,
    COUNT(DISTINCT item_key) AS distinct_keys,
    COUNT_IF(item_key IS NULL) AS null_keys,
    COUNT_IF(NOT COALESCE(is_inside, FALSE)) AS outside_month
FROM placed
