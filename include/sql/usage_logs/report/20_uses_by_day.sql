-- title: Uses by day
-- question: How did use and the number of users develop over the month?
-- grain: one row a calendar day of the archive's time zone
-- chart: line
-- x: day
-- y: uses, users
--
-- The calendar comes first, so that a day without a single use is a zero and not a gap.
{% from "timestamps.jinja" import instant -%}
WITH calendar AS (
    SELECT days.day
    FROM UNNEST(
        SEQUENCE(
            DATE '{{ month.yyyy }}-{{ month.mm }}-01',
            LAST_DAY_OF_MONTH(DATE '{{ month.yyyy }}-{{ month.mm }}-01'),
            INTERVAL '1' DAY
        )
    ) AS days (day)
),

used AS (
    SELECT
        userid,
        DATE({{ instant('"timestamp"') }} AT TIME ZONE '{{ timezone }}') AS day
    FROM "{{ database }}"."{{ table }}"
    WHERE year = '{{ month.yyyy }}' AND month = '{{ month.mm }}'
),

uses AS (
    SELECT
        day,
        COUNT(*) AS uses,
        COUNT(DISTINCT userid) AS users
    FROM used
    GROUP BY day
)

SELECT
    calendar.day,
    COALESCE(uses.uses, 0) AS uses,
    COALESCE(uses.users, 0) AS users
FROM calendar
LEFT JOIN uses ON calendar.day = uses.day
ORDER BY calendar.day
