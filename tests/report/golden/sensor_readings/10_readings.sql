-- title: Readings
-- question: How many readings arrived, and how many in the month before?
-- grain: one row
-- chart: number
-- value: readings
-- previous: readings_before
--
-- A month before that isn't in the archive is unknown (NULL), not zero.
SELECT
    COUNT(CASE WHEN year = '2025' AND month = '03' THEN 1 END) AS readings,
    NULLIF(
        COUNT(CASE WHEN year = '2025' AND month = '02' THEN 1 END), 0
    ) AS readings_before
FROM "plant_archive"."readings"
WHERE
    (year = '2025' AND month = '03')
    OR (year = '2025' AND month = '02')
