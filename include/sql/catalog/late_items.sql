-- grain: one row for an open month
-- purpose: what the scan found of a published month: keys that came late, keys that are gone, and lines to refresh
{%- from "catalog/key.jinja" import key_of %}
WITH published AS (
    SELECT
        line,
        {{ key_of(key_attributes) }} AS item_key
    FROM {{ database }}.{{ audit_table }}
    WHERE generation = '{{ base }}'
),

staged AS (
    SELECT
        line,
        {{ key_of(key_attributes) }} AS item_key
    FROM {{ database }}.{{ audit_table }}
    WHERE generation = '{{ generation }}'
),

late AS (
    SELECT item_key FROM staged
    EXCEPT
    SELECT item_key FROM published
),

gone AS (
    SELECT item_key FROM published
    EXCEPT
    SELECT item_key FROM staged
),

{% if refresh_open_months -%}
fresh AS (
    SELECT line FROM staged
    EXCEPT
    SELECT line FROM published
),
{% else -%}
-- Keys alone are staged, so nothing tells whether an item has changed.
fresh AS (
    SELECT item_key FROM late
),
{% endif %}
listed AS (
    SELECT item_key
    FROM late
    ORDER BY item_key
    LIMIT 20
)

SELECT
    '{{ month }}' AS open_month,
    (SELECT COUNT(*) FROM late) AS late_items,
    (SELECT COUNT(*) FROM gone) AS gone_items,
    (SELECT COUNT(*) FROM fresh) AS fresh_items,
    (SELECT ARRAY_JOIN(ARRAY_AGG(item_key), ', ') FROM listed) AS late_keys
