-- title: Readings by tag
-- question: Which tags do readings carry?
-- grain: one row a tag; a reading with several tags counts once for each
-- chart: bar
-- x: tag
-- y: readings
SELECT
    tags_of_reading.tag,
    COUNT(*) AS readings,
    COUNT(DISTINCT source.sensor) AS sensors
FROM "plant_archive"."readings" AS source
CROSS JOIN UNNEST(source.tags) AS tags_of_reading (tag)
WHERE source.year = '2025' AND source.month = '03'
GROUP BY tags_of_reading.tag
ORDER BY readings DESC, tags_of_reading.tag ASC
