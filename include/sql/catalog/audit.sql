-- grain: one row for the staged generation
-- purpose: counts the staged lines independently of the exporter: all, distinct keys, unreadable, outside the month
{%- from "catalog/key.jinja" import key_of, value_of %}
{%- from "timestamps.jinja" import instant, whole %}
{%- set start, end = month.utc_bounds() %}
WITH staged AS (
    SELECT
        {{ key_of(key_attributes) }} AS item_key,
        {{ value_of(timestamp.attribute) }} AS written
    FROM {{ database }}.{{ audit_table }}
    WHERE generation = '{{ generation }}'
),

dated AS (
    SELECT
        item_key,
{%- if timestamp.format == "iso8601" %}
        TRY(CAST({{ instant("written") }} AT TIME ZONE 'UTC' AS TIMESTAMP)) AS written_at
{%- else %}
        {{ whole("written") }} AS written_at
{%- endif %}
    FROM staged
),

placed AS (
    SELECT
        item_key,
{%- if timestamp.format == "iso8601" %}
        written_at >= TIMESTAMP '{{ start.strftime("%Y-%m-%d %H:%M:%S") }}'
        AND written_at < TIMESTAMP '{{ end.strftime("%Y-%m-%d %H:%M:%S") }}' AS is_inside
{%- else %}
    {%- set scale = 1000 if timestamp.format == "epoch_millis" else 1 %}
        written_at >= {{ start.timestamp() | int * scale }}
        AND written_at < {{ end.timestamp() | int * scale }} AS is_inside
{%- endif %}
    FROM dated
)

SELECT
    COUNT(*) AS lines,
    COUNT(DISTINCT item_key) AS distinct_keys,
    COUNT_IF(item_key IS NULL) AS null_keys,
    COUNT_IF(NOT COALESCE(is_inside, FALSE)) AS outside_month
FROM placed
