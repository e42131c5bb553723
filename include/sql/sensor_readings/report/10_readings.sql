-- title: Readings
-- question: How many readings arrived, and how many in the month before?
-- grain: one row
-- chart: number
-- value: readings
-- previous: readings_before
--
-- A month before that isn't in the archive is unknown (NULL), not zero.
SELECT
    COUNT(CASE WHEN year = '{{ month.yyyy }}' AND month = '{{ month.mm }}' THEN 1 END) AS readings,
    NULLIF(
        COUNT(CASE WHEN year = '{{ previous_month.yyyy }}' AND month = '{{ previous_month.mm }}' THEN 1 END), 0
    ) AS readings_before
FROM "{{ database }}"."{{ table }}"
WHERE
    (year = '{{ month.yyyy }}' AND month = '{{ month.mm }}')
    OR (year = '{{ previous_month.yyyy }}' AND month = '{{ previous_month.mm }}')
