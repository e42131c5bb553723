-- grain: one row for the staged generation
-- purpose: counts the staged lines independently of the exporter: all, distinct keys, unreadable, outside the month
{%- from "catalog/key.jinja" import inside, key_of, value_of %}
WITH staged AS (
    SELECT
        {{ key_of(key_attributes) }} AS item_key,
        {{ value_of(timestamp.attribute) }} AS written_at
    FROM {{ database }}.{{ audit_table }}
    WHERE generation = '{{ generation }}'
),

placed AS (
    SELECT
        item_key,
        {{ inside("written_at", timestamp.format, month) }} AS is_inside
    FROM staged
)

SELECT
    COUNT(*) AS lines,
    COUNT(DISTINCT item_key) AS distinct_keys,
    COUNT_IF(item_key IS NULL) AS null_keys,
    COUNT_IF(NOT COALESCE(is_inside, FALSE)) AS outside_month
FROM placed
