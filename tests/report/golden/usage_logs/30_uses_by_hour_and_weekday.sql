-- title: Uses by hour and weekday
-- question: At which hours of the week is the service used?
-- grain: one row an hour of a weekday, 168 in all, in the archive's time zone
-- chart: heatmap
-- x: hour
-- y: weekday
-- value: uses
--
-- Sums, not means: a weekday that the month has five times counts five times.
WITH week AS (
    SELECT
        weekdays.weekday,
        hours.hour
    FROM UNNEST(SEQUENCE(1, 7)) AS weekdays (weekday)
    CROSS JOIN UNNEST(SEQUENCE(0, 23)) AS hours (hour)
),

used AS (
    SELECT
        CAST(FROM_ISO8601_TIMESTAMP(
            REGEXP_REPLACE(
                UPPER(REPLACE(REGEXP_REPLACE("timestamp", '[.,][0-9]+', ''), ' ', 'T')),
                '([+-][0-9]{2})$',
                '$1:00'
            )
        ) AT TIME ZONE 'UTC' AS TIMESTAMP) AS used_at
    FROM "usage_archive"."logs"
    WHERE year = '2025' AND month = '03'
),

uses AS (
    SELECT
        DAY_OF_WEEK(used_at) AS weekday,
        HOUR(used_at) AS hour,
        COUNT(*) AS uses
    FROM used
    GROUP BY DAY_OF_WEEK(used_at), HOUR(used_at)
)

SELECT
    week.hour,
    ELEMENT_AT(ARRAY['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'], week.weekday) AS weekday,
    COALESCE(uses.uses, 0) AS uses
FROM week
LEFT JOIN uses ON week.weekday = uses.weekday AND week.hour = uses.hour
ORDER BY week.weekday, week.hour
