-- title: New and returning users
-- question: How many of the month's users are seen for the first time since the archive begins?
-- grain: one row a kind of user
-- chart: bar
-- x: kind
-- y: users
--
-- Reads every archived month up to this one, since only they know who was there before. Later months are left out,
-- so that an old month's report says the same whenever it is made.
WITH users AS (
    SELECT
        userid,
        MIN(year || '-' || month) AS first_month,
        COUNT(CASE WHEN year = '{{ month.yyyy }}' AND month = '{{ month.mm }}' THEN 1 END) AS uses
    FROM "{{ database }}"."{{ table }}"
    WHERE year < '{{ month.yyyy }}' OR (year = '{{ month.yyyy }}' AND month <= '{{ month.mm }}')
    GROUP BY userid
)

SELECT
    kinds.kind,
    COUNT(users.userid) AS users,
    COALESCE(SUM(users.uses), 0) AS uses
FROM UNNEST(ARRAY['new', 'returning']) AS kinds (kind)
LEFT JOIN users
    ON
        kinds.kind = CASE WHEN users.first_month = '{{ month.yyyy }}-{{ month.mm }}' THEN 'new' ELSE 'returning' END
        AND users.uses > 0
GROUP BY kinds.kind
ORDER BY kinds.kind
