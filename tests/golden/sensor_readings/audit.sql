-- grain: one row for the staged generation
-- purpose: counts the staged lines independently of the exporter: all, distinct keys, unreadable, outside the month
WITH staged AS (
    SELECT
        CAST(LENGTH(JSON_EXTRACT_SCALAR(line, '$["sensor"]')) AS VARCHAR) || ':'
        || JSON_EXTRACT_SCALAR(line, '$["sensor"]')
        || CAST(LENGTH(JSON_EXTRACT_SCALAR(line, '$["measuredAt"]')) AS VARCHAR) || ':'
        || JSON_EXTRACT_SCALAR(line, '$["measuredAt"]') AS item_key,
        JSON_EXTRACT_SCALAR(line, '$["measuredAt"]') AS written_at
    FROM plant_archive.readings__audit
    WHERE generation = '0123456789ab'
),

placed AS (
    SELECT
        item_key,
        TRY_CAST(written_at AS DOUBLE) >= 1740754800000
        AND TRY_CAST(written_at AS DOUBLE) < 1743433200000 AS is_inside
    FROM staged
)

SELECT
    COUNT(*) AS lines,
    COUNT(DISTINCT item_key) AS distinct_keys,
    COUNT_IF(item_key IS NULL) AS null_keys,
    COUNT_IF(NOT COALESCE(is_inside, FALSE)) AS outside_month
FROM placed
