-- title: Active users
-- question: How many different people used the service in the quarter?
-- grain: one row
-- chart: number
-- value: active_users
-- previous: active_users_before
--
-- A quarter before of which a month isn't in the archive is unknown (NULL), not zero.
WITH used AS (
    SELECT
        userid,
        month,
        year = '2025' AND month >= '01' AND month <= '03' AS is_now
    FROM "usage_archive"."logs"
    WHERE
        (year = '2025' AND month BETWEEN '01' AND '03')
        OR (
            year = '2024'
            AND month BETWEEN '10' AND '12'
        )
)

SELECT
    COUNT(DISTINCT CASE WHEN is_now THEN userid END) AS active_users,
    CASE
        WHEN COUNT(DISTINCT CASE WHEN NOT is_now THEN month END) = 3
            THEN COUNT(DISTINCT CASE WHEN NOT is_now THEN userid END)
    END AS active_users_before
FROM used
