-- title: Uses by month
-- question: How did use and the number of users develop over the quarter?
-- grain: one row a month
-- chart: bar
-- x: archived_month
-- y: uses
SELECT
    year || '-' || month AS archived_month,
    COUNT(*) AS uses,
    COUNT(DISTINCT userid) AS users,
    ROUND(CAST(COUNT(*) AS DOUBLE) / NULLIF(COUNT(DISTINCT userid), 0), 1) AS uses_per_user
FROM "usage_archive"."logs"
WHERE year = '2025' AND month BETWEEN '01' AND '03'
GROUP BY year, month
ORDER BY archived_month
