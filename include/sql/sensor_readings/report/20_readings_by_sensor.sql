-- title: Readings by sensor
-- question: Does every sensor report, and within which range?
-- grain: one row a sensor
-- chart: bar
-- x: sensor
-- y: readings
SELECT
    sensor,
    COUNT(*) AS readings,
    MIN(celsius) AS min_celsius,
    ROUND(AVG(CAST(celsius AS DOUBLE)), 3) AS mean_celsius,
    MAX(celsius) AS max_celsius
FROM "{{ database }}"."{{ table }}"
WHERE year = '{{ month.yyyy }}' AND month = '{{ month.mm }}'
GROUP BY sensor
ORDER BY readings DESC, sensor ASC
