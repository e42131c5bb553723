-- title: Active users
-- question: How many different people used the service?
-- grain: one row
-- chart: number
-- value: active_users
-- previous: active_users_before
--
-- A month before that isn't in the archive is unknown (NULL), not zero.
SELECT
    COUNT(DISTINCT CASE WHEN year = '{{ month.yyyy }}' AND month = '{{ month.mm }}' THEN userid END) AS active_users,
    NULLIF(
        COUNT(DISTINCT CASE
            WHEN year = '{{ previous_month.yyyy }}' AND month = '{{ previous_month.mm }}' THEN userid
        END), 0
    ) AS active_users_before
FROM "{{ database }}"."{{ table }}"
WHERE
    (year = '{{ month.yyyy }}' AND month = '{{ month.mm }}')
    OR (year = '{{ previous_month.yyyy }}' AND month = '{{ previous_month.mm }}')
