-- grain: one row a published item that the scan didn't find
-- purpose: lines that a refreshed month must carry over, since only the archive still has them
WITH published AS (
    SELECT
        line,
        CAST(LENGTH(JSON_EXTRACT_SCALAR(line, '$["sensor"]')) AS VARCHAR) || ':'
        || JSON_EXTRACT_SCALAR(line, '$["sensor"]')
        || CAST(LENGTH(JSON_EXTRACT_SCALAR(line, '$["measuredAt"]')) AS VARCHAR) || ':'
        || JSON_EXTRACT_SCALAR(line, '$["measuredAt"]') AS item_key
    FROM plant_archive.readings__audit
    WHERE generation = 'ba9876543210'
),

staged AS (
    SELECT DISTINCT
        CAST(LENGTH(JSON_EXTRACT_SCALAR(line, '$["sensor"]')) AS VARCHAR) || ':'
        || JSON_EXTRACT_SCALAR(line, '$["sensor"]')
        || CAST(LENGTH(JSON_EXTRACT_SCALAR(line, '$["measuredAt"]')) AS VARCHAR) || ':'
        || JSON_EXTRACT_SCALAR(line, '$["measuredAt"]') AS item_key
    FROM plant_archive.readings__audit
    WHERE generation = '0123456789ab'
)

SELECT published.line
FROM published
LEFT JOIN staged ON published.item_key = staged.item_key
WHERE staged.item_key IS NULL
ORDER BY published.item_key
