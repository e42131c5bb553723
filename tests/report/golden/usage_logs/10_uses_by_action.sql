-- title: Uses by action
-- question: How often was each action used?
-- grain: one row an action
-- chart: bar
-- x: action
-- y: uses
SELECT
    action,
    COUNT(*) AS uses,
    COUNT(DISTINCT userid) AS users
FROM "usage_archive"."logs"
WHERE year = '2025' AND month = '03'
GROUP BY action
ORDER BY uses DESC, action ASC
