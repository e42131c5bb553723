-- title: Uses by action
-- question: How often was each action used?
-- grain: one row an action
-- chart: bar
-- x: action
-- y: uses
SELECT
    action,
    COUNT(*) AS uses,
    COUNT(DISTINCT userid) AS users
FROM "{{ database }}"."{{ table }}"
WHERE year = '{{ month.yyyy }}' AND month = '{{ month.mm }}'
GROUP BY action
ORDER BY uses DESC, action ASC
