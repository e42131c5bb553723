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
FROM "{{ database }}"."{{ table }}" AS source
CROSS JOIN UNNEST(source.tags) AS tags_of_reading (tag)
WHERE source.year = '{{ month.yyyy }}' AND source.month = '{{ month.mm }}'
GROUP BY tags_of_reading.tag
ORDER BY readings DESC, tags_of_reading.tag ASC
