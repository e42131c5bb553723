-- title: Change by action
-- question: Which actions are used more or less than in the quarter before?
-- grain: one row an action of either quarter
-- chart: bar
-- x: action
-- y: uses
-- previous: uses_before
--
-- A quarter before of which a month isn't in the archive is unknown (NULL), not zero.
WITH used AS (
    SELECT
        action,
        month,
        year = '{{ quarter.yyyy }}' AND month >= '{{ quarter.first.mm }}' AND month <= '{{ quarter.last.mm }}' AS is_now
    FROM "{{ database }}"."{{ table }}"
    WHERE
        (year = '{{ quarter.yyyy }}' AND month BETWEEN '{{ quarter.first.mm }}' AND '{{ quarter.last.mm }}')
        OR (
            year = '{{ previous_quarter.yyyy }}'
            AND month BETWEEN '{{ previous_quarter.first.mm }}' AND '{{ previous_quarter.last.mm }}'
        )
),

archived AS (
    SELECT COUNT(DISTINCT month) = 3 AS is_known
    FROM used
    WHERE NOT is_now
),

actions AS (
    SELECT
        action,
        COUNT_IF(is_now) AS uses,
        COUNT_IF(NOT is_now) AS uses_before
    FROM used
    GROUP BY action
),

known AS (
    SELECT
        actions.action,
        actions.uses,
        CASE WHEN archived.is_known THEN actions.uses_before END AS uses_before
    FROM actions
    CROSS JOIN archived
)

SELECT
    action,
    uses,
    uses_before,
    uses - uses_before AS change,
    ROUND(CAST(uses - uses_before AS DOUBLE) * 100 / NULLIF(uses_before, 0), 1) AS change_percent
FROM known
ORDER BY ABS(uses - uses_before) DESC, uses DESC, action ASC
