-- grain: one row a published item that the scan didn't find
-- purpose: lines that a refreshed month must carry over, since only the archive still has them
{%- from "catalog/key.jinja" import key_of %}
WITH published AS (
    SELECT
        line,
        {{ key_of(key_attributes) }} AS item_key
    FROM {{ database }}.{{ audit_table }}
    WHERE generation = '{{ base }}'
),

staged AS (
    SELECT DISTINCT
        {{ key_of(key_attributes) }} AS item_key
    FROM {{ database }}.{{ audit_table }}
    WHERE generation = '{{ generation }}'
)

SELECT published.line
FROM published
LEFT JOIN staged ON published.item_key = staged.item_key
WHERE staged.item_key IS NULL
ORDER BY published.item_key
