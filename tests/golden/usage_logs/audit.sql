-- grain: one row for the staged generation
-- purpose: counts the staged lines independently of the exporter: all, distinct keys, unreadable, outside the month
WITH staged AS (
    SELECT
        CAST(LENGTH(JSON_EXTRACT_SCALAR(line, '$["userId"]')) AS VARCHAR) || ':'
        || JSON_EXTRACT_SCALAR(line, '$["userId"]')
        || CAST(LENGTH(JSON_EXTRACT_SCALAR(line, '$["eventId"]')) AS VARCHAR) || ':'
        || JSON_EXTRACT_SCALAR(line, '$["eventId"]') AS item_key,
        JSON_EXTRACT_SCALAR(line, '$["timestamp"]') AS written
    FROM usage_archive.logs__audit
    WHERE generation = '0123456789ab'
),

dated AS (
    SELECT
        item_key,
        TRY(CAST(FROM_ISO8601_TIMESTAMP(
            REGEXP_REPLACE(
                UPPER(REPLACE(REGEXP_REPLACE(written, '[.,][0-9]+', ''), ' ', 'T')),
                '([+-][0-9]{2})$',
                '$1:00'
            )
        ) AT TIME ZONE 'UTC' AS TIMESTAMP)) AS written_at
    FROM staged
),

placed AS (
    SELECT
        item_key,
        written_at >= TIMESTAMP '2025-03-01 00:00:00'
        AND written_at < TIMESTAMP '2025-04-01 00:00:00' AS is_inside
    FROM dated
)

SELECT
    COUNT(*) AS lines,
    COUNT(DISTINCT item_key) AS distinct_keys,
    COUNT_IF(item_key IS NULL) AS null_keys,
    COUNT_IF(NOT COALESCE(is_inside, FALSE)) AS outside_month
FROM placed
