-- title: Top users
-- question: Who used the service most, and how much of all use is theirs?
-- grain: one row a user, the twenty with most uses
-- chart: table
WITH users AS (
    SELECT
        userid,
        COUNT(*) AS uses,
        COUNT(DISTINCT DATE(FROM_ISO8601_TIMESTAMP(
            REGEXP_REPLACE(
                UPPER(REPLACE(REGEXP_REPLACE("timestamp", '[.,][0-9]+', ''), ' ', 'T')),
                '([+-][0-9]{2})$',
                '$1:00'
            )
        ) AT TIME ZONE 'UTC')) AS active_days,
        COUNT(DISTINCT action) AS actions
    FROM "usage_archive"."logs"
    WHERE year = '2025' AND month = '03'
    GROUP BY userid
)

SELECT
    userid,
    uses,
    active_days,
    actions,
    ROUND(CAST(uses AS DOUBLE) * 100 / SUM(uses) OVER (), 2) AS share_percent
FROM users
ORDER BY uses DESC, userid ASC
LIMIT 20
