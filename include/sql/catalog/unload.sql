-- grain: one row an item of the published month
-- purpose: writes the month as Parquet into an empty folder that no table shows yet
UNLOAD (
    SELECT
{%- for column in columns %}
        "{{ column.name }}" AS "{{ column.name }}"{{ "," if not loop.last }}
{%- endfor %}
    FROM "{{ database }}"."{{ table }}"
    WHERE year = '{{ month.yyyy }}' AND month = '{{ month.mm }}'
)
TO '{{ parquet_location }}year={{ month.yyyy }}/month={{ month.mm }}/{{ folder }}/'
WITH (format = 'PARQUET', compression = 'ZSTD')
