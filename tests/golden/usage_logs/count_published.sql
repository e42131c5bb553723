-- grain: one row for the month
-- purpose: counts what readers of the published table see
SELECT COUNT(*) AS items
FROM usage_archive.logs
WHERE year = '2025' AND month = '03'
