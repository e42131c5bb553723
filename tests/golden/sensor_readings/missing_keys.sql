-- grain: one row for the pair of generations
-- purpose: keys of the published generation that the staged one lacks: publishing would lose them
WITH published AS (
    SELECT
        CAST(LENGTH(JSON_EXTRACT_SCALAR(line, '$["sensor"]')) AS VARCHAR) || ':'
        || JSON_EXTRACT_SCALAR(line, '$["sensor"]')
        || CAST(LENGTH(JSON_EXTRACT_SCALAR(line, '$["measuredAt"]')) AS VARCHAR) || ':'
        || JSON_EXTRACT_SCALAR(line, '$["measuredAt"]') AS item_key
    FROM plant_archive.readings__audit
    WHERE generation = 'ba9876543210'
),

staged AS (
    SELECT
        CAST(LENGTH(JSON_EXTRACT_SCALAR(line, '$["sensor"]')) AS VARCHAR) || ':'
        || JSON_EXTRACT_SCALAR(line, '$["sensor"]')
        || CAST(LENGTH(JSON_EXTRACT_SCALAR(line, '$["measuredAt"]')) AS VARCHAR) || ':'
        || JSON_EXTRACT_SCALAR(line, '$["measuredAt"]') AS item_key
    FROM plant_archive.readings__audit
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
