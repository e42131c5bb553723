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
        year = '{{ quarter.yyyy }}' AND month >= '{{ quarter.first.mm }}' AND month <= '{{ quarter.last.mm }}' AS is_now
    FROM "{{ database }}"."{{ table }}"
    WHERE
        (year = '{{ quarter.yyyy }}' AND month BETWEEN '{{ quarter.first.mm }}' AND '{{ quarter.last.mm }}')
        OR (
            year = '{{ previous_quarter.yyyy }}'
            AND month BETWEEN '{{ previous_quarter.first.mm }}' AND '{{ previous_quarter.last.mm }}'
        )
)

SELECT
    COUNT(DISTINCT CASE WHEN is_now THEN userid END) AS active_users,
    CASE
        WHEN COUNT(DISTINCT CASE WHEN NOT is_now THEN month END) = 3
            THEN COUNT(DISTINCT CASE WHEN NOT is_now THEN userid END)
    END AS active_users_before
FROM used
