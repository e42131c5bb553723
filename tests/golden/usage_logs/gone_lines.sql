-- grain: one row a published item that the scan didn't find
-- purpose: lines that a refreshed month must carry over, since only the archive still has them
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
    SELECT DISTINCT
        CAST(LENGTH(JSON_EXTRACT_SCALAR(line, '$["userId"]')) AS VARCHAR) || ':'
        || JSON_EXTRACT_SCALAR(line, '$["userId"]')
        || CAST(LENGTH(JSON_EXTRACT_SCALAR(line, '$["eventId"]')) AS VARCHAR) || ':'
        || JSON_EXTRACT_SCALAR(line, '$["eventId"]') AS item_key
    FROM usage_archive.logs__audit
    WHERE generation = '0123456789ab'
)

SELECT published.line
FROM published
LEFT JOIN staged ON published.item_key = staged.item_key
WHERE staged.item_key IS NULL
ORDER BY published.item_key
