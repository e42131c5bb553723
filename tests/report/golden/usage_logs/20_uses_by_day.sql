-- title: Uses by day
-- question: How did use and the number of users develop over the month?
-- grain: one row a calendar day of the archive's time zone
-- chart: line
-- x: day
-- y: uses, users
--
-- The calendar comes first, so that a day without a single use is a zero and not a gap.
WITH calendar AS (
    SELECT days.day
    FROM UNNEST(
        SEQUENCE(
            DATE '2025-03-01',
            LAST_DAY_OF_MONTH(DATE '2025-03-01'),
            INTERVAL '1' DAY
        )
    ) AS days (day)
),

used AS (
    SELECT
        userid,
        DATE(FROM_ISO8601_TIMESTAMP(
            REGEXP_REPLACE(
                UPPER(REPLACE(REGEXP_REPLACE("timestamp", '[.,][0-9]+', ''), ' ', 'T')),
                '([+-][0-9]{2})$',
                '$1:00'
            )
        ) AT TIME ZONE 'UTC') AS day
    FROM "usage_archive"."logs"
    WHERE year = '2025' AND month = '03'
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
