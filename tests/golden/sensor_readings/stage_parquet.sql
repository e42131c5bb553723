-- grain: one folder of Parquet files
-- purpose: shows a compacted month to its audit, and to nobody else
ALTER TABLE `plant_archive`.`readings_parquet__audit` ADD IF NOT EXISTS
PARTITION (`folder` = '0123456789ab-ba9876543210-1')
LOCATION 's3://test-archive/_parquet/sensor_readings/year=2025/month=03/0123456789ab-ba9876543210-1/'
