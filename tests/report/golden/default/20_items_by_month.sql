-- title: Items by month
-- question: How many items has each archived month of the year so far?
-- grain: one row an archived month of the year, up to the report's
-- chart: bar
-- x: archived_month
-- y: items
SELECT
    year || '-' || month AS archived_month,
    COUNT(*) AS items
FROM "usage_archive"."logs"
WHERE year = '2025' AND month <= '03'
GROUP BY year, month
ORDER BY archived_month
