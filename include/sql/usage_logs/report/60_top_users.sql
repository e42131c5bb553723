-- title: Top users
-- question: Who used the service most, and how much of all use is theirs?
-- grain: one row a user, the twenty with most uses
-- chart: table
{% from "timestamps.jinja" import instant -%}
WITH users AS (
    SELECT
        userid,
        COUNT(*) AS uses,
        COUNT(DISTINCT DATE({{ instant('"timestamp"') }} AT TIME ZONE '{{ timezone }}')) AS active_days,
        COUNT(DISTINCT action) AS actions
    FROM "{{ database }}"."{{ table }}"
    WHERE year = '{{ month.yyyy }}' AND month = '{{ month.mm }}'
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
LIMIT {{ parameters.top_users | default(20) }}
