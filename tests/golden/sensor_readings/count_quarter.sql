-- grain: one row a month of the quarter
-- purpose: counts what readers of the published table see
SELECT
    year || '-' || month AS published_month,
    COUNT(*) AS items
FROM plant_archive.readings
WHERE year = '2025' AND month BETWEEN '01' AND '03'
GROUP BY year, month
ORDER BY published_month
