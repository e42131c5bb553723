-- grain: one row an archived item; a month becomes visible when its partition is registered
-- purpose: the published table of an archive; columns are appended later through the Glue API
CREATE EXTERNAL TABLE IF NOT EXISTS `{{ database }}`.`{{ table }}` (
{%- for column in columns %}
    `{{ column.name }}` {{ column.type }}{{ "," if not loop.last }}
{%- endfor %}
)
PARTITIONED BY (`year` string, `month` string)
ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe'
WITH SERDEPROPERTIES (
    {%- for column in columns %}
    'mapping.{{ column.name }}' = '{{ column.field }}',
    {%- endfor %}
    'case.insensitive' = 'false'
)
LOCATION '{{ location }}'
TBLPROPERTIES ('ttl_archive.archive' = '{{ archive }}')
