-- title: Items by month
-- question: How many items has each month of the quarter?
-- grain: one row a month
-- chart: bar
-- x: archived_month
-- y: items
SELECT
    year || '-' || month AS archived_month,
    COUNT(*) AS items
FROM "{{ database }}"."{{ table }}"
WHERE year = '{{ quarter.yyyy }}' AND month BETWEEN '{{ quarter.first.mm }}' AND '{{ quarter.last.mm }}'
GROUP BY year, month
ORDER BY archived_month
