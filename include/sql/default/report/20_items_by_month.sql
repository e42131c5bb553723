-- title: Items by month
-- question: How many items has each archived month of the year so far?
-- grain: one row an archived month of the year, up to the report's
-- chart: bar
-- x: archived_month
-- y: items
SELECT
    year || '-' || month AS archived_month,
    COUNT(*) AS items
FROM "{{ database }}"."{{ table }}"
WHERE year = '{{ month.yyyy }}' AND month <= '{{ month.mm }}'
GROUP BY year, month
ORDER BY archived_month
