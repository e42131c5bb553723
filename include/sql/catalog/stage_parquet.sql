-- grain: one folder of Parquet files
-- purpose: shows a compacted month to its audit, and to nobody else
ALTER TABLE `{{ database }}`.`{{ parquet_audit_table }}` ADD IF NOT EXISTS
PARTITION (`folder` = '{{ folder }}')
LOCATION '{{ parquet_location }}year={{ month.yyyy }}/month={{ month.mm }}/{{ folder }}/'
