-- title: Items by month
-- question: How many items has each month of the quarter?
-- grain: one row a month
-- chart: bar
-- x: archived_month
-- y: items
SELECT
    year || '-' || month AS archived_month,
    COUNT(*) AS items
FROM "usage_archive"."logs"
WHERE year = '2025' AND month BETWEEN '01' AND '03'
GROUP BY year, month
ORDER BY archived_month
