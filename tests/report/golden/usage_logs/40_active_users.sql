-- title: Active users
-- question: How many different people used the service?
-- grain: one row
-- chart: number
-- value: active_users
-- previous: active_users_before
--
-- A month before that isn't in the archive is unknown (NULL), not zero.
SELECT
    COUNT(DISTINCT CASE WHEN year = '2025' AND month = '03' THEN userid END) AS active_users,
    NULLIF(
        COUNT(DISTINCT CASE
            WHEN year = '2025' AND month = '02' THEN userid
        END), 0
    ) AS active_users_before
FROM "usage_archive"."logs"
WHERE
    (year = '2025' AND month = '03')
    OR (year = '2025' AND month = '02')
