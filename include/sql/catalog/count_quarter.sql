-- grain: one row a month of the quarter
-- purpose: counts what readers of the published table see
SELECT
    year || '-' || month AS published_month,
    COUNT(*) AS items
FROM {{ database }}.{{ table }}
WHERE year = '{{ quarter.yyyy }}' AND month BETWEEN '{{ quarter.first.mm }}' AND '{{ quarter.last.mm }}'
GROUP BY year, month
ORDER BY published_month
