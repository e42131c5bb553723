-- title: Items
-- question: How many items were archived, and how many in the month before?
-- grain: one row
-- chart: number
-- value: items
-- previous: items_before
--
-- A month before that isn't in the archive is unknown (NULL), not zero.
SELECT
    COUNT(CASE WHEN year = '2025' AND month = '03' THEN 1 END) AS items,
    NULLIF(
        COUNT(CASE WHEN year = '2025' AND month = '02' THEN 1 END), 0
    ) AS items_before
FROM "usage_archive"."logs"
WHERE
    (year = '2025' AND month = '03')
    OR (year = '2025' AND month = '02')
