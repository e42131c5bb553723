-- grain: one generation
-- purpose: shows a staged generation to the audit, and to nobody else
ALTER TABLE `usage_archive`.`logs__audit` ADD IF NOT EXISTS
PARTITION (`generation` = '0123456789ab') LOCATION 's3://test-archive/_staging/usage_logs/0123456789ab/'
