-- grain: one row an item of the published month
-- purpose: writes the month as Parquet into an empty folder that no table shows yet
UNLOAD (
    SELECT
        "sensor" AS "sensor",
        "measuredat" AS "measuredat",
        "celsius" AS "celsius",
        "tags" AS "tags",
        "deleteafter" AS "deleteafter"
    FROM "plant_archive"."readings"
    WHERE year = '2025' AND month = '03'
)
TO 's3://test-archive/_parquet/sensor_readings/year=2025/month=03/0123456789ab-ba9876543210-1/'
WITH (format = 'PARQUET', compression = 'ZSTD')
