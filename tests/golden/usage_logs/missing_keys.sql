-- grain: one row for the pair of generations
-- purpose: keys of the published generation that the staged one lacks: publishing would lose them
WITH published AS (
    SELECT
        CAST(LENGTH(JSON_EXTRACT_SCALAR(line, '$["userId"]')) AS VARCHAR) || ':'
        || JSON_EXTRACT_SCALAR(line, '$["userId"]')
        || CAST(LENGTH(JSON_EXTRACT_SCALAR(line, '$["eventId"]')) AS VARCHAR) || ':'
        || JSON_EXTRACT_SCALAR(line, '$["eventId"]') AS item_key
    FROM usage_archive.logs__audit
    WHERE generation = 'ba9876543210'
),

staged AS (
    SELECT
        CAST(LENGTH(JSON_EXTRACT_SCALAR(line, '$["userId"]')) AS VARCHAR) || ':'
        || JSON_EXTRACT_SCALAR(line, '$["userId"]')
        || CAST(LENGTH(JSON_EXTRACT_SCALAR(line, '$["eventId"]')) AS VARCHAR) || ':'
        || JSON_EXTRACT_SCALAR(line, '$["eventId"]') AS item_key
    FROM usage_archive.logs__audit
    WHERE generation = '0123456789ab'
),

missing AS (
    SELECT item_key FROM published
    EXCEPT
    SELECT item_key FROM staged
),

listed AS (
    SELECT item_key
    FROM missing
    ORDER BY item_key
    LIMIT 20
)

SELECT
    (SELECT COUNT(DISTINCT item_key) FROM published) AS published_keys,
    (SELECT COUNT(*) FROM missing) AS missing_keys,
    (SELECT ARRAY_JOIN(ARRAY_AGG(item_key), ', ') FROM listed) AS missing
