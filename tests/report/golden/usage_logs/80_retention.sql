-- title: Retention
-- question: How many of last month's users came back?
-- grain: one row
-- chart: number
-- value: retained_percent
-- unit: %
--
-- A month before that isn't in the archive makes the percentage unknown (NULL), not zero.
WITH users AS (
    SELECT
        userid,
        COUNT(CASE WHEN year = '2025' AND month = '03' THEN 1 END) AS uses
    FROM "usage_archive"."logs"
    WHERE
        (year = '2025' AND month = '03')
        OR (year = '2025' AND month = '02')
    GROUP BY userid
    HAVING COUNT(CASE WHEN year = '2025' AND month = '02' THEN 1 END) > 0
)

SELECT
    COUNT(*) AS users_before,
    COUNT(CASE WHEN uses > 0 THEN 1 END) AS retained,
    COUNT(CASE WHEN uses = 0 THEN 1 END) AS lost,
    ROUND(CAST(COUNT(CASE WHEN uses > 0 THEN 1 END) AS DOUBLE) * 100 / NULLIF(COUNT(*), 0), 1) AS retained_percent
FROM users
