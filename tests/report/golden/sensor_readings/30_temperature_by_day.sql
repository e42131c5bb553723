-- title: Temperature by day
-- question: How warm was it, on average and at most?
-- grain: one row a calendar day of the archive's time zone that has a reading
-- chart: line
-- x: day
-- y: mean_celsius, max_celsius
-- unit: °C
WITH measured AS (
    SELECT
        celsius,
        DATE(FROM_UNIXTIME(CAST(measuredat AS DOUBLE) / 1000) AT TIME ZONE 'Asia/Tokyo') AS day
    FROM "plant_archive"."readings"
    WHERE year = '2025' AND month = '03'
)

SELECT
    day,
    ROUND(AVG(CAST(celsius AS DOUBLE)), 3) AS mean_celsius,
    MAX(celsius) AS max_celsius,
    COUNT(*) AS readings
FROM measured
GROUP BY day
ORDER BY day
