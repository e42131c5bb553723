-- grain: one row for the month
-- purpose: compares the compacted rows with the published ones, value by value, each as often as it is there
WITH sides AS (
    SELECT
{%- for column in columns %}
        "{{ column.name }}" AS value_{{ loop.index }},
{%- endfor %}
        1 AS published,
        0 AS compacted
    FROM "{{ database }}"."{{ table }}"
    WHERE year = '{{ month.yyyy }}' AND month = '{{ month.mm }}'
    UNION ALL
    SELECT
{%- for column in columns %}
        "{{ column.name }}" AS value_{{ loop.index }},
{%- endfor %}
        0 AS published,
        1 AS compacted
    FROM "{{ database }}"."{{ parquet_audit_table }}"
    WHERE folder = '{{ folder }}'
),

compared AS (
    SELECT
        SUM(published) AS published,
        SUM(compacted) AS compacted
    FROM sides
    GROUP BY{% for column in columns %} value_{{ loop.index }}{{ "," if not loop.last }}{% endfor %}
)

SELECT
    COALESCE(SUM(published), 0) AS published_rows,
    COALESCE(SUM(compacted), 0) AS compacted_rows,
    COUNT_IF(published <> compacted) AS differing_rows
FROM compared
