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
FROM "plant_archive"."readings"
WHERE year = '2025' AND month = '03'
GROUP BY sensor
ORDER BY readings DESC, sensor ASC
