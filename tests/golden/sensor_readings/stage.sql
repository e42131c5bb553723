-- grain: one generation
-- purpose: shows a staged generation to the audit, and to nobody else
ALTER TABLE `plant_archive`.`readings__audit` ADD IF NOT EXISTS
PARTITION (`generation` = '0123456789ab') LOCATION 's3://test-archive/_staging/sensor_readings/0123456789ab/'
