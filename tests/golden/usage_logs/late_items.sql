-- grain: one row for an open month
-- purpose: what the scan found of a published month: keys that came late, keys that are gone, and lines to refresh
WITH published AS (
    SELECT
        line,
        CAST(LENGTH(JSON_EXTRACT_SCALAR(line, '$["userId"]')) AS VARCHAR) || ':'
        || JSON_EXTRACT_SCALAR(line, '$["userId"]')
        || CAST(LENGTH(JSON_EXTRACT_SCALAR(line, '$["eventId"]')) AS VARCHAR) || ':'
        || JSON_EXTRACT_SCALAR(line, '$["eventId"]') AS item_key
    FROM usage_archive.logs__audit
    WHERE generation = 'ba9876543210'
),

staged AS (
    SELECT
        line,
        CAST(LENGTH(JSON_EXTRACT_SCALAR(line, '$["userId"]')) AS VARCHAR) || ':'
        || JSON_EXTRACT_SCALAR(line, '$["userId"]')
        || CAST(LENGTH(JSON_EXTRACT_SCALAR(line, '$["eventId"]')) AS VARCHAR) || ':'
        || JSON_EXTRACT_SCALAR(line, '$["eventId"]') AS item_key
    FROM usage_archive.logs__audit
    WHERE generation = '0123456789ab'
),

late AS (
    SELECT item_key FROM staged
    EXCEPT
    SELECT item_key FROM published
),

gone AS (
    SELECT item_key FROM published
    EXCEPT
    SELECT item_key FROM staged
),

-- Keys alone are staged, so nothing tells whether an item has changed.
fresh AS (
    SELECT item_key FROM late
),

listed AS (
    SELECT item_key
    FROM late
    ORDER BY item_key
    LIMIT 20
)

SELECT
    '2025-03' AS open_month,
    (SELECT COUNT(*) FROM late) AS late_items,
    (SELECT COUNT(*) FROM gone) AS gone_items,
    (SELECT COUNT(*) FROM fresh) AS fresh_items,
    (SELECT ARRAY_JOIN(ARRAY_AGG(item_key), ', ') FROM listed) AS late_keys
