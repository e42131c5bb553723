-- grain: one row for the month
-- purpose: counts what readers of the published table see
SELECT COUNT(*) AS items
FROM {{ database }}.{{ table }}
WHERE year = '{{ month.yyyy }}' AND month = '{{ month.mm }}'
