-- grain: one generation
-- purpose: shows a staged generation to the audit, and to nobody else
ALTER TABLE `{{ database }}`.`{{ audit_table }}` ADD IF NOT EXISTS
PARTITION (`generation` = '{{ generation }}') LOCATION '{{ audit_location }}{{ generation }}/'
