-- grain: one row for the pair of generations
-- purpose: keys of the published generation that the staged one lacks: publishing would lose them
{%- from "catalog/key.jinja" import key_of %}
WITH published AS (
    SELECT
        {{ key_of(key_attributes) }} AS item_key
    FROM {{ database }}.{{ audit_table }}
    WHERE generation = '{{ base or "none" }}'
),

staged AS (
    SELECT
        {{ key_of(key_attributes) }} AS item_key
    FROM {{ database }}.{{ audit_table }}
    WHERE generation = '{{ generation }}'
),

missing AS (
    SELECT item_key FROM published
    EXCEPT
    SELECT item_key FROM staged
),

listed AS (
    SELECT item_key
    FROM missing
    ORDER BY item_key
    LIMIT 20
)

SELECT
    (SELECT COUNT(DISTINCT item_key) FROM published) AS published_keys,
    (SELECT COUNT(*) FROM missing) AS missing_keys,
    (SELECT ARRAY_JOIN(ARRAY_AGG(item_key), ', ') FROM listed) AS missing
