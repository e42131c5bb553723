-- title: Change by action
-- question: Which actions are used more or less than in the month before?
-- grain: one row an action of either month
-- chart: bar
-- x: action
-- y: uses
-- previous: uses_before
--
-- A month before that isn't in the archive is unknown (NULL), not zero.
WITH actions AS (
    SELECT
        action,
        COUNT(CASE WHEN year = '2025' AND month = '03' THEN 1 END) AS uses,
        COUNT(
            CASE WHEN year = '2025' AND month = '02' THEN 1 END
        ) AS uses_before
    FROM "usage_archive"."logs"
    WHERE
        (year = '2025' AND month = '03')
        OR (year = '2025' AND month = '02')
    GROUP BY action
),

known AS (
    SELECT
        action,
        uses,
        CASE WHEN SUM(uses_before) OVER () > 0 THEN uses_before END AS uses_before
    FROM actions
)

SELECT
    action,
    uses,
    uses_before,
    uses - uses_before AS change,
    ROUND(CAST(uses - uses_before AS DOUBLE) * 100 / NULLIF(uses_before, 0), 1) AS change_percent
FROM known
ORDER BY ABS(uses - uses_before) DESC, uses DESC, action ASC
