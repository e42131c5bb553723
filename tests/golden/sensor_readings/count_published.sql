-- grain: one row for the month
-- purpose: counts what readers of the published table see
SELECT COUNT(*) AS items
FROM plant_archive.readings
WHERE year = '2025' AND month = '03'
