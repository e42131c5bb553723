-- DuckDB's macros with Trino's meaning; names that begin with py_ are the functions of computed.py.

-- A failure with our message that TRY may turn into NULL; DuckDB's error() is volatile, and TRY refuses it.
CREATE MACRO fail(message) AS (CASE WHEN CAST(chr(30) || message AS BIGINT) IS NULL THEN NULL END);
-- A refusal, which TRY must not turn into NULL: it lets DuckDB's NotImplementedException pass (DuckDB 2.0.0).
CREATE MACRO refuse(what) AS
    (CASE WHEN timezone(chr(30) || 'NOT_SUPPORTED: the local Athena does not translate ' || what || chr(30), TIMESTAMP
    '1970-01-01') IS NULL THEN NULL END);
CREATE MACRO unless_refused(s) AS
    CASE WHEN starts_with(s, chr(30)) THEN CAST(refuse(substr(s, 2)) AS VARCHAR) ELSE s END;
CREATE MACRO trino_replace
    (s, a) AS replace(s, a, ''),
    (s, a, b) AS CASE WHEN a = '' THEN py_replace(s, a, b) ELSE replace(s, a, b) END;
-- A date in a format, after a year for a format without one; `here` is what DuckDB reads as Joda does, `joda` what
-- Joda may read too.
CREATE MACRO read_date(v, year, format, here, joda) AS
    CASE WHEN regexp_full_match(v, here) AND try_strptime(year || v, format) IS NOT NULL
    THEN try_strptime(year || v, format)
    WHEN regexp_full_match(v, joda) AND NOT regexp_full_match(v, here) THEN refuse('the reading of the date ' || v)
    ELSE fail('INVALID_FUNCTION_ARGUMENT: Invalid format: "' || v || '"') END;
-- Trino keeps the text's offset with the value; DuckDB keeps only the instant.
CREATE MACRO only_in_utc(v, t) AS
    CASE WHEN t IS NULL OR regexp_matches(v, '[-+]00:?00$') THEN t
    ELSE refuse('the zone of a time other than UTC; convert with AT TIME ZONE: ' || v) END;
-- An hour of half a day without AM or PM, of which Java counts 12 as 0.
CREATE MACRO twelve_is_zero(t) AS CASE WHEN hour(t) = 12 THEN t - INTERVAL 12 HOUR ELSE t END;
CREATE MACRO as_real(v) AS
    CASE WHEN isfinite(v) AND abs(v) >= 3.4028235677973366e38 THEN CAST(sign(v) * CAST('infinity' AS FLOAT) AS FLOAT)
    ELSE CAST(v AS FLOAT) END;
CREATE MACRO trino_chr(n) AS
    CASE WHEN n < 0 OR n > 1114111 OR n BETWEEN 55296 AND 57343 THEN CAST(fail('INVALID_FUNCTION_ARGUMENT: Not a valid Unicode code point: ' || n)
    AS VARCHAR) ELSE chr(CAST(n AS INTEGER)) END;
CREATE MACRO trino_unhex(s) AS
    CASE WHEN length(s) % 2 = 1 THEN
    unhex(CAST(fail('INVALID_FUNCTION_ARGUMENT: expected input length to be even, was ' || length(s)) AS VARCHAR))
    ELSE unhex(s) END;
-- Of a local time that the clocks show twice, Java takes the first, DuckDB the second.
CREATE MACRO instant_in(z, t) AS
    CASE WHEN timezone(z, timezone(z, t) - INTERVAL 1 HOUR) = t THEN timezone(z, t) - INTERVAL 1 HOUR
    ELSE timezone(z, t) END;
CREATE MACRO to_milliseconds(t) AS date_trunc('milliseconds', t + to_microseconds(500));
CREATE MACRO two_digit_year(t) AS CASE WHEN year(t) = 1969 THEN t + INTERVAL 100 YEAR ELSE t END;
CREATE MACRO trino_lower(s) AS CASE WHEN strlen(s) = length(s) THEN lower(s) ELSE py_lower(s) END;
CREATE MACRO trino_upper(s) AS CASE WHEN strlen(s) = length(s) THEN upper(s) ELSE py_upper(s) END;
-- DuckDB reverses what a reader takes for letters, Trino code points.
CREATE MACRO trino_reverse(s) AS CASE WHEN strlen(s) = length(s) THEN reverse(s) ELSE py_reverse(s) END;
-- DuckDB computes a branch of constants that is not taken, so the size itself is one that can be had.
CREATE MACRO padded_size(n) AS
    CASE WHEN n NOT BETWEEN 0 AND 2147483647
    THEN fail('INVALID_FUNCTION_ARGUMENT: Target length must be in the range [0..2147483647]')
    WHEN n > 10000000 THEN refuse('a text of more than 10000000 letters') ELSE CAST(n AS INTEGER) END;
CREATE MACRO trino_pad(s, n, p, l) AS
    CASE WHEN p = '' THEN fail('INVALID_FUNCTION_ARGUMENT: Padding string must not be empty')
    WHEN l THEN lpad(s, CAST(padded_size(n) AS INTEGER), p) ELSE rpad(s, CAST(padded_size(n) AS INTEGER), p) END;
CREATE MACRO trino_split(s, d) AS
    CASE WHEN d = '' THEN CAST(fail('INVALID_FUNCTION_ARGUMENT: The delimiter may not be the empty string') AS
    VARCHAR[]) WHEN d IS NOT NULL THEN string_split(s, d) END;
-- What Java calls white space; DuckDB trims blanks only.
CREATE MACRO white_space() AS
    chr(9) || chr(10) || chr(11) || chr(12) || chr(13) || chr(28) || chr(29) || chr(30) || chr(31) || chr(32) ||
    chr(5760) || chr(8192) || chr(8193) || chr(8194) || chr(8195) || chr(8196) || chr(8197) || chr(8198) || chr(8200)
    || chr(8201) || chr(8202) || chr(8232) || chr(8233) || chr(8287) || chr(12288);
-- The last value of a sequence with so many steps, which is not computed if it has too many.
CREATE MACRO stop_within(b, steps) AS
    CASE WHEN steps >= 10000 THEN
    fail('INVALID_FUNCTION_ARGUMENT: result of sequence function must not have more than 10000 entries')
    ELSE b END;
CREATE MACRO integer_series(a, b, s) AS
    generate_series(a, stop_within(b, abs(CAST(b AS HUGEINT) - a) // abs(CAST(s AS HUGEINT))), s);
-- How many steps lie between two moments.
CREATE MACRO steps_between(a, b, s) AS
    abs(epoch_ms(CAST(b AS TIMESTAMP)) - epoch_ms(CAST(a AS TIMESTAMP))) // abs(epoch_ms(s));
CREATE MACRO step_of(a, b, s) AS
    CASE WHEN s = 0 THEN fail('INVALID_FUNCTION_ARGUMENT: step must not be zero')
    WHEN s > 0 AND b < a OR s < 0 AND b > a THEN
    fail('INVALID_FUNCTION_ARGUMENT: sequence stop value should be greater than or equal to start value if step is '
    || 'greater than zero otherwise stop should be less than or equal to start')
    ELSE CAST(s AS BIGINT) END;
CREATE MACRO span_of(a, b, s) AS
    CASE WHEN step_of(a, b, CASE WHEN s > INTERVAL 0 SECOND THEN 1 WHEN s < INTERVAL 0 SECOND THEN -1
    ELSE 0 END) <> 0 THEN s END;
CREATE MACRO negated(x, lowest, type) AS
    CASE WHEN x = lowest THEN fail('NUMERIC_VALUE_OUT_OF_RANGE: ' || type || ' negation overflow: ' || x)
    ELSE 0 - x END;
-- To Java, an infinite power of 1 is no number, nor is any power NaN.
CREATE MACRO trino_power(x, y) AS
    CASE WHEN isnan(CAST(y AS DOUBLE)) OR (abs(CAST(x AS DOUBLE)) = 1 AND isinf(CAST(y AS DOUBLE)))
    THEN CAST(x AS DOUBLE) + CAST('nan' AS DOUBLE) ELSE pow(x, y) END;
-- Code points, where DuckDB counts bytes.
CREATE MACRO trino_levenshtein(a, b) AS
    CASE WHEN strlen(a || b) = length(a || b) THEN levenshtein(a, b) ELSE py_levenshtein(a, b) END;
CREATE MACRO trino_hamming(a, b) AS
    CASE WHEN a <> '' AND b <> '' AND strlen(a || b) = length(a || b) THEN hamming(a, b) ELSE py_hamming(a, b) END;
CREATE MACRO whole_decimal(v, type, p, s) AS
    CASE WHEN v <> 0 AND length(ltrim(CAST(v AS VARCHAR), '-')) > p - s
    THEN fail('INVALID_CAST_ARGUMENT: Cannot cast ' || type || ' ''' || v || ''' to DECIMAL(' || p || ', ' || s || ')')
    ELSE v END;
CREATE MACRO finite(x) AS CASE WHEN isfinite(x) THEN x END;
CREATE MACRO trino_cbrt(x) AS CASE WHEN pow(round(cbrt(x)), 3) = x THEN round(cbrt(x)) ELSE cbrt(x) END;
CREATE MACRO logical_shift(x, n) AS
    CASE WHEN x < 0 OR n < 0 THEN refuse('bitwise_right_shift of or by a negative number') ELSE x >> n END;
CREATE MACRO arithmetic_shift(x, n, bits) AS
    CASE WHEN n < 0 THEN refuse('a shift by a negative number') WHEN n < bits THEN x >> CAST(n AS INTEGER)
    WHEN n >= bits THEN x >> (bits - 1) END;
-- What is shifted out of the type is lost.
CREATE MACRO in_bits(x, size) AS (((x + size // 2) % size + size) % size - size // 2);
CREATE MACRO left_shift(x, n, bits) AS
    CASE WHEN n < 0 THEN refuse('a shift by a negative number') WHEN n >= bits THEN 0
    ELSE in_bits(CAST(x AS HUGEINT) * (CAST(1 AS HUGEINT) << CAST(n AS INTEGER)), CAST(1 AS HUGEINT) << bits) END;
-- DuckDB overflows at the lowest number % -1.
CREATE MACRO integer_remainder(a, b) AS CASE WHEN b = -1 THEN a - a ELSE a % b END;
CREATE MACRO trino_to_base(x, radix) AS
    CASE WHEN radix NOT BETWEEN 2 AND 36 THEN fail('INVALID_FUNCTION_ARGUMENT: Radix must be between 2 and 36')
    WHEN x = -9223372036854775808 THEN refuse('to_base of the lowest bigint')
    ELSE CASE WHEN x < 0 THEN '-' ELSE '' END || lower(to_base(abs(x), CAST(radix AS INTEGER))) END;
CREATE MACRO bit_count_in(x, n) AS
    CAST(CASE WHEN n IS NULL THEN NULL WHEN n = 64 THEN bit_count(CAST(x AS BIGINT)) WHEN n NOT IN (8, 16, 32) THEN
    refuse('bit_count in other than 8, 16, 32 and 64 bits') WHEN x >> CAST(n - 1 AS INTEGER) NOT IN (0, -1) THEN
    fail('INVALID_FUNCTION_ARGUMENT: Number must be representable with the bits specified. ' || x ||
    ' cannot be represented with ' || n || ' bits') WHEN n = 32 THEN bit_count(CAST(x AS INTEGER))
    WHEN n = 16 THEN bit_count(CAST(x AS SMALLINT)) ELSE bit_count(CAST(x AS TINYINT)) END AS BIGINT);
-- How many values `max(x, n)` and its like keep: `what` is the argument, `least` what is said of one that is too small.
CREATE MACRO kept_values(n, what, least) AS
    CASE WHEN n <= 0 THEN fail('INVALID_FUNCTION_ARGUMENT: ' || what || ' must be ' || least)
    WHEN n > 10000 THEN
    fail('INVALID_FUNCTION_ARGUMENT: ' || what || ' must be less than or equal to 10000; found ' || n) ELSE n END;
-- Of n values in order, Trino takes the one that a share of n reaches; of many it keeps a digest and may be off.
CREATE MACRO percentile_of(l, q) AS
    l[CASE WHEN q < 0 OR q > 1 THEN fail('INVALID_FUNCTION_ARGUMENT: Percentile must be between 0 and 1')
    ELSE least(CAST(floor(CAST(q AS DOUBLE) * len(l)) AS BIGINT) + 1, len(l)) END];
-- Trino's NaN equals nothing and is no maximum; DuckDB's equals itself and is the largest number.
CREATE MACRO no_nan(v) AS
    CASE WHEN CASE WHEN isnan(v) THEN CAST(refuse('a comparison with NaN') AS BOOLEAN)
    ELSE true END THEN v END;
-- Trino fails to order arrays and rows by a NULL in them.
CREATE MACRO no_null_in(v) AS
    CASE WHEN CASE WHEN regexp_matches(CAST(to_json(v) AS VARCHAR), '[:,[]null') THEN
    CAST(refuse('an order of arrays or rows with a NULL in them') AS BOOLEAN) ELSE true END THEN v END;
-- Rows without a key do not count; of no others there is no map.
CREATE MACRO with_keys(l) AS
    CASE WHEN len(list_filter(l, lambda e: e.k IS NOT NULL)) > 0 THEN list_filter(l, lambda e: e.k IS NOT NULL) END;
-- Trino keeps the first value of a key here, DuckDB refuses the second.
CREATE MACRO first_entries(l) AS
    map_from_entries(list_filter(l, lambda e, i: list_position(list_transform(l, lambda x: x.k), e.k) = i));
CREATE MACRO multimap(l) AS
    map_from_entries(list_transform(list_filter(l, lambda e, i: list_position(list_transform(l, lambda x: x.k), e.k) =
    i), lambda e: struct_pack(k := e.k, v := list_transform(list_filter(l, lambda x: x.k = e.k), lambda x: x.v))));
CREATE MACRO trino_map(k, v) AS
    CASE WHEN len(k) <> len(v) THEN map_of_nothing(k, v,
    fail('INVALID_FUNCTION_ARGUMENT: Key and value arrays must be the same length'))
    ELSE map(k, v) END;
CREATE MACRO map_of_nothing(k, v, n) AS map(k[1:n], v[1:n]);
-- What is NULL inside an array makes the answer unknown, unless another element decides it.
CREATE MACRO has_null(l) AS (len(list_filter(l, lambda e: e IS NULL)) > 0);
CREATE MACRO nan_among(l) AS
    (regexp_matches(typeof(l), '^(FLOAT|DOUBLE)') AND list_contains(CAST(l AS VARCHAR[]), 'nan'));
CREATE MACRO array_equal(a, b) AS
    CASE WHEN a IS NULL OR b IS NULL THEN NULL WHEN len(a) <> len(b) OR nan_among(a) OR nan_among(b) THEN false
    ELSE all_of(list_transform(list_zip(a, b), lambda e: e[1] = e[2])) END;
-- To DuckDB, the order of a map's entries matters and NaN equals itself.
CREATE MACRO nested_equal(a, b) AS
    CASE WHEN a IS NULL OR b IS NULL THEN NULL
    WHEN regexp_matches(CAST(to_json(a) AS VARCHAR) || CAST(to_json(b) AS VARCHAR), '[:,[]null') THEN
    CAST(refuse('a comparison of rows, maps or nested arrays with a NULL in them') AS BOOLEAN)
    WHEN regexp_matches(typeof([a, b]), 'MAP|FLOAT|DOUBLE') THEN py_equal([a, b]) ELSE a = b END;
CREATE MACRO trino_contains(l, x) AS
    CASE WHEN list_contains(l, x) THEN true WHEN l IS NULL OR x IS NULL OR has_null(l) THEN NULL
    ELSE false END;
CREATE MACRO trino_overlap(a, b) AS
    CASE WHEN a IS NULL OR b IS NULL THEN NULL WHEN len(a) = 0 OR len(b) = 0 THEN false
    WHEN list_has_any(list_filter(a, lambda e: e IS NOT NULL), b) THEN true
    WHEN has_null(a) OR has_null(b) THEN NULL ELSE false END;
CREATE MACRO any_of(l) AS
    CASE WHEN list_contains(l, true) THEN true WHEN l IS NULL OR has_null(l) THEN NULL
    ELSE false END;
CREATE MACRO all_of(l) AS
    CASE WHEN list_contains(l, false) THEN false WHEN l IS NULL OR has_null(l) THEN NULL
    ELSE true END;
CREATE MACRO trino_element(l, i) AS
    l[CASE WHEN i = 0 THEN fail('INVALID_FUNCTION_ARGUMENT: SQL array indices start at 1')
    ELSE i END];
-- Only the rarer forms of a date go through Python.
CREATE MACRO iso_form(s) AS
    CASE WHEN regexp_full_match(s,
    '[0-9]{4}-[0-9]{2}-[0-9]{2}(T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]+)?(Z|[-+][0-9]{2}:[0-9]{2}))?') THEN
    s ELSE py_iso8601(s) END;
CREATE MACRO put_point(x, s) AS list_transform([CAST(x AS VARCHAR)], lambda v:
    CASE WHEN starts_with(v, '-') THEN '-' ELSE '' END || list_transform(
        [lpad(ltrim(v, '-'), CAST(greatest(s + 1, length(ltrim(v, '-'))) AS INTEGER), '0')],
        lambda d: left(d, -s) || '.' || right(d, s))[1])[1];
CREATE MACRO trino_substr
    (s, a) AS CASE WHEN a = 0 OR a NOT BETWEEN -length(s) AND length(s) THEN left(s, 0) ELSE substr(s, a) END,
    (s, a, n) AS CASE WHEN a = 0 OR a NOT BETWEEN -length(s) AND length(s) OR n <= 0 THEN left(s, 0)
    WHEN n IS NOT NULL THEN substr(s, a, least(n, length(s))) END;
-- Without a delimiter the parts are the letters, of which an empty text has none.
CREATE MACRO trino_split_part(s, d, n) AS
    CASE WHEN n <= 0 THEN fail('INVALID_FUNCTION_ARGUMENT: Index must be greater than zero' || left(s, 0))
    WHEN d IS NOT NULL AND s || d <> '' THEN string_split(s, d)[n] END;
CREATE MACRO group_number(g) AS
    CASE WHEN g < 0 THEN fail('INVALID_FUNCTION_ARGUMENT: Group cannot be negative') ELSE g END;
CREATE MACRO trino_regexp_extract
    (s, p) AS CASE WHEN regexp_matches(s, p) THEN regexp_extract(s, p) END,
    (s, p, g) AS CASE WHEN regexp_matches(s, p)
    THEN coalesce(nullif(regexp_extract(s, p, g), ''), unless_refused(py_regexp_group(s, p, g))) END;
-- Trino reads a text up to where its answer stands; what breaks after that does not matter to it.
CREATE MACRO valid_json(j) AS
    CASE WHEN json_valid(j) THEN j
    WHEN regexp_matches(CAST(j AS VARCHAR), '^\s*[{\[]')
    THEN refuse('a part of JSON that is not valid: ' || left(CAST(j AS VARCHAR), 100)) END;
-- A fraction or an exponent as Java prints the double; in a list of one, so that a part is taken out once.
CREATE MACRO java_fractions(j) AS
    list_transform([j], lambda part: CASE WHEN regexp_matches(CAST(part AS VARCHAR), '[0-9][.eE]')
    THEN CAST(py_java_fractions(CAST(part AS VARCHAR)) AS JSON) ELSE part END)[1];
CREATE MACRO trino_json_extract(j, p) AS java_fractions(json_extract(valid_json(j), p));
-- DuckDB prints a fraction from a double, and 0 of -0; a number in quotes keeps its digits.
CREATE MACRO trino_json_scalar(j, p) AS
    CASE json_type(valid_json(j), p) WHEN 'OBJECT' THEN NULL WHEN 'ARRAY' THEN NULL
    WHEN 'DOUBLE' THEN json_text(json_extract_string(quote_numbers(CAST(valid_json(j) AS VARCHAR)), p))
    WHEN 'BIGINT' THEN coalesce(nullif(json_extract_string(valid_json(j), p), '0'), '-0')
    ELSE json_extract_string(valid_json(j), p) END;
-- Of a text Trino gives what stands in the quotes, which is no JSON, and of a fraction its very digits.
CREATE MACRO json_element(j, i) AS
    CASE json_type(json_extract(j, i)) WHEN 'NULL' THEN NULL
    WHEN 'VARCHAR' THEN CAST(refuse('json_array_get of a text') AS JSON)
    WHEN 'DOUBLE' THEN CAST(refuse('json_array_get of a fraction') AS JSON) ELSE json_extract(j, i) END;
CREATE MACRO trino_json_size(j, p) AS
    CASE json_type(valid_json(j), p) WHEN 'OBJECT' THEN CAST(len(json_keys(valid_json(j), p)) AS BIGINT)
    WHEN 'ARRAY' THEN CAST(json_array_length(valid_json(j), p) AS BIGINT) ELSE CASE
    WHEN json_type(valid_json(j), p) IS NOT NULL THEN 0 END END;
CREATE MACRO iso_date(s) AS
    CASE WHEN s IS NULL THEN NULL WHEN TRY_CAST(s AS DATE) IS NULL OR NOT regexp_full_match(s,
    '[0-9]{4}-[0-9]{2}-[0-9]{2}') THEN fail('INVALID_FUNCTION_ARGUMENT: Invalid format: "' || s || '"')
    ELSE TRY_CAST(s AS DATE) END;
CREATE MACRO iso_instant(s) AS
    CASE WHEN s IS NULL THEN NULL WHEN TRY_CAST(s AS TIMESTAMPTZ) IS NULL OR NOT regexp_full_match(s,
    '[0-9]{4}-[0-9]{2}-[0-9]{2}(T([01][0-9]|2[0-3]):[0-9]{2}(:[0-9]{2}([.][0-9]+)?)?(Z|[-+][0-9]{2}:?[0-9]{2})?)?')
    THEN fail('INVALID_FUNCTION_ARGUMENT: Invalid format: "' || s || '"') ELSE date_trunc('milliseconds', TRY_CAST(s AS
    TIMESTAMPTZ)) END;
-- Trino keeps the text's offset with the value; DuckDB keeps only the instant.
CREATE MACRO iso_timestamp(s) AS
    CASE WHEN regexp_matches(s, '[-+][0-9]{2}:?[0-9]{2}$') AND NOT regexp_matches(s, '^[0-9]{4}-[0-9]{2}-[0-9]{2}$')
    AND NOT regexp_matches(s, '[-+]00:?00$') THEN
    refuse('the zone of a time other than UTC; convert with AT TIME ZONE: ' || s)
    ELSE iso_instant(s) END;
CREATE MACRO unix_timestamp(x) AS
    CAST(make_timestamp(CAST(floor(CAST(x AS DOUBLE) * 1000 + 0.5) AS BIGINT) * 1000) AS TIMESTAMPTZ);
CREATE MACRO trino_cardinality(x) AS CAST(len(x) AS BIGINT);
CREATE MACRO trino_array_distinct(x) AS
    list_filter(x, lambda e, i: list_position(x, e) = i OR (e IS NULL AND len(list_filter(x[1:i], lambda y: y IS NULL))
    = 1));
CREATE MACRO trino_ngrams(x, n) AS
    CASE WHEN x IS NOT NULL AND n IS NOT NULL THEN
    list_transform(range(1, greatest(1, len(x) - n + 1) + 1), lambda i: x[i:i + n - 1]) END;
CREATE MACRO trino_slice(x, a, n) AS
    CASE WHEN a = 0 THEN x[fail('INVALID_FUNCTION_ARGUMENT: SQL array indices start at 1'):]
    WHEN n < 0 THEN x[fail('INVALID_FUNCTION_ARGUMENT: length must be greater than or equal to 0'):]
    WHEN n IS NULL THEN NULL WHEN a NOT BETWEEN -len(x) AND len(x) THEN x[1:0] WHEN a > 0 THEN x[a:a + least(n, len(x)) - 1]
    ELSE x[len(x) + a + 1:len(x) + a + least(n, len(x))] END;
CREATE MACRO trino_trim_array(x, n) AS
    CASE WHEN n < 0 THEN x[fail('INVALID_FUNCTION_ARGUMENT: size must not be negative: ' || n):]
    WHEN n > len(x) THEN x[fail('INVALID_FUNCTION_ARGUMENT: size must not exceed array cardinality ' ||
    len(x) || ': ' || n):] ELSE x[1:len(x) - n] END;
CREATE MACRO trino_subscript(x, i) AS
    CASE WHEN i = 0 THEN fail('INVALID_FUNCTION_ARGUMENT: SQL array indices start at 1')
    WHEN i < 0 THEN fail('INVALID_FUNCTION_ARGUMENT: Array subscript is negative: ' || i)
    WHEN i > len(x) THEN fail('INVALID_FUNCTION_ARGUMENT: Array subscript must be less than or equal to array length: '
    || i || ' > ' || len(x)) ELSE x[i] END;
CREATE MACRO trino_map_value(m, k) AS
    CASE WHEN m IS NULL THEN NULL WHEN NOT map_contains(m, k) THEN
    fail('INVALID_FUNCTION_ARGUMENT: Key not present in map: ' || k) ELSE m[k] END;
-- Round half away from zero of a quotient of two unscaled decimals, as Trino divides them.
-- A lambda takes its value once; a macro writes an argument out wherever it names it, and a division of divisions would
-- grow with each of them.
CREATE MACRO half_up_quotient(a, b) AS list_transform([struct_pack(a := a, b := b)], lambda o:
    CASE WHEN o.b = 0 THEN fail('DIVISION_BY_ZERO: Division by zero' || left(CAST(o.a AS VARCHAR), 0))
    ELSE o.a // o.b + CASE WHEN abs(o.a % o.b) * 2 >= abs(o.b) THEN sign(o.a) * sign(o.b) ELSE 0 END END)[1];
-- The dividend of such a division.
CREATE MACRO scaled_up(a, power) AS list_transform([a], lambda v:
    CASE WHEN abs(v) > 170141183460469231731687303715884105727 // power
    THEN refuse('a division of decimals with more than 38 digits') ELSE v * power END)[1];
-- Every number of a JSON text in quotes with a mark at each end; strings cannot hold the raw control characters.
CREATE MACRO quote_numbers(j) AS
    replace(replace(replace(regexp_replace(j, '("(?:[^"\\]|\\.)*")|(-?[0-9][-+0-9.eE]*)', '\1' || chr(1) || '\2' ||
    chr(2), 'g'), chr(1) || chr(2), ''), chr(1), '"' || chr(57344)), chr(2), chr(57345) || '"');
CREATE MACRO json_text(s) AS
    replace(replace(replace(replace(s, '"' || chr(57344), ''), chr(57345) || '"', ''), chr(57344), ''), chr(57345), '');

-- Casts

CREATE MACRO cannot_cast(v, t) AS fail('INVALID_CAST_ARGUMENT: Cannot cast ''' || v || ''' to ' || t);
CREATE MACRO text_as_integer(v, t) AS CASE WHEN regexp_full_match(v, '[-+]?[0-9]+') THEN v ELSE cannot_cast(v, t) END;
CREATE MACRO text_as_number(v, t) AS
    CASE WHEN regexp_full_match(v, '[-+]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][-+]?[0-9]+)?') THEN v
    WHEN starts_with(t, 'DECIMAL') THEN CASE WHEN trim(v, white_space()) <> v THEN refuse('blanks around a decimal') ELSE
    fail('INVALID_CAST_ARGUMENT: Cannot cast VARCHAR ''' || v || ''' to ' || t || '. Value is not a number.') END
    WHEN regexp_full_match(trim(v), '[-+]?(NaN|Infinity|([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][-+]?[0-9]+)?)') THEN v
    WHEN regexp_full_match(trim(v), '[-+]?(0[xX].*|[0-9.]+([eE][-+]?[0-9]+)?[dDfF])')
    THEN refuse('Java''s other forms of a number: ' || v) ELSE cannot_cast(v, t) END;
CREATE MACRO text_as_boolean(v) AS
    CASE WHEN lower(v) IN ('true', 't', '1') THEN 'true' WHEN lower(v) IN ('false', 'f', '0') THEN 'false'
    ELSE cannot_cast(v, 'BOOLEAN') END;
-- JSON that becomes an array or a map; of another kind, its first token is what is said of it.
CREATE MACRO json_of_shape(j, kind, t) AS
    CASE WHEN upper(kind) = json_type(j) OR json_type(j) = 'NULL' THEN j ELSE CAST(CAST(fail(
    'INVALID_CAST_ARGUMENT: Cannot cast to ' || t || '. Expected a json ' || kind || ', but got ' ||
    CASE json_type(j) WHEN 'OBJECT' THEN '{' WHEN 'ARRAY' THEN '[' ELSE trino_json_scalar(j, '$') END)
    AS VARCHAR) AS JSON) END;
-- Patterns are literals, so that they are compiled once; few texts have blanks around them.
CREATE MACRO trimmed_date(v) AS
    CASE WHEN regexp_full_match(trim(v, white_space()), '[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}') THEN trim(v, white_space())
    WHEN regexp_full_match(trim(v, white_space()), '[-+]?[0-9]{4,}-[0-9]{1,2}-[0-9]{1,2}')
    THEN refuse('the year in ' || v) ELSE fail('INVALID_CAST_ARGUMENT: Value cannot be cast to date: ' || v) END;
CREATE MACRO text_as_date(v) AS
    CASE WHEN regexp_full_match(v, '[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}') THEN v ELSE trimmed_date(v) END;
-- Of another zone only the instant would be left.
CREATE MACRO text_as_instant(v) AS
    CASE WHEN regexp_full_match(v,
    '[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}( ([01]?[0-9]|2[0-3]):[0-5]?[0-9](:[0-5]?[0-9]([.][0-9]+)?)?)?( UTC| ?Z| ?[-+]00:00)?')
    THEN v WHEN regexp_matches(v, '[0-9]{4}-[0-9]') THEN refuse('the zone or form of the time ' || v)
    ELSE fail('INVALID_CAST_ARGUMENT: Value cannot be cast to timestamp: ' || v) END;
CREATE MACRO binary_as_uuid(v) AS
    CASE WHEN octet_length(v) = 16 THEN CAST(hex(v) AS UUID) WHEN v IS NOT NULL THEN
    CAST(CAST(fail('INVALID_CAST_ARGUMENT: Invalid UUID binary length: ' || octet_length(v)) AS VARCHAR) AS UUID) END;
CREATE MACRO text_as_uuid(v) AS
    CASE WHEN regexp_full_match(v, '(?i)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}') THEN v
    ELSE fail('INVALID_CAST_ARGUMENT: Cannot cast value to UUID: ' || v) END;
CREATE MACRO trimmed_timestamp(v) AS
    CASE WHEN regexp_full_match(trim(v, white_space()),
    '[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}( ([01]?[0-9]|2[0-3]):[0-5]?[0-9](:[0-5]?[0-9]([.][0-9]+)?)?)?')
    THEN trim(v, white_space()) WHEN regexp_matches(trim(v, white_space()), '^([-+]|[0-9]{5,}-)')
    THEN refuse('the year in ' || v)
    ELSE fail('INVALID_CAST_ARGUMENT: Value cannot be cast to timestamp: ' || v) END;
CREATE MACRO text_as_timestamp(v) AS
    CASE WHEN regexp_full_match(v,
    '[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}( ([01]?[0-9]|2[0-3]):[0-5]?[0-9](:[0-5]?[0-9]([.][0-9]+)?)?)?')
    THEN v ELSE trimmed_timestamp(v) END;
-- The text of a value whose type only DuckDB knows: refused where Trino's text is another one.
-- DuckDB writes a decimal without an integer part as `.5`.
CREATE MACRO decimal_text(value) AS
    CASE WHEN starts_with(value, '.') THEN '0' || value WHEN starts_with(value, '-.') THEN '-0' || value[2:] ELSE value
    END;
CREATE MACRO plain_text(v) AS
    CASE WHEN v IS NULL THEN NULL WHEN typeof(v) IN ('VARCHAR', 'BOOLEAN', 'TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT',
    'HUGEINT', 'DATE') THEN CAST(v AS VARCHAR) WHEN starts_with(typeof(v), 'DECIMAL') THEN decimal_text(CAST(v AS
    VARCHAR))
    ELSE refuse('a CAST of ' || typeof(v) || ' to varchar') END;

-- Values of files

-- Athena's timestamps have milliseconds, whatever a file has.
CREATE MACRO to_millis(t) AS date_trunc('milliseconds', t + to_microseconds(500));
CREATE MACRO is_json_line(line) AS regexp_matches(line, '^[ \t]*[{\[]');
-- DuckDB prints a fraction, an exponent or a nested value from doubles; `quote_numbers` keeps the digits.
CREATE MACRO has_fraction(line) AS regexp_matches(line, '[:,\[][ \t]*-?([0-9]+[.eE]|0[^.0-9])');
CREATE MACRO exact_text(value, line, path) AS
    CASE WHEN regexp_matches(value, '^(-?[0-9]+[.eE]|-?0$|[\[{])') THEN
    json_text(json_extract_string(quote_numbers(line), path)) ELSE value END;
-- A double gives the digits of a number back if there are no more than 15 of them.
CREATE MACRO exact_decimal(value, line, path) AS
    CASE WHEN regexp_matches(line, '[0-9][0-9.]{15}') THEN exact_text(value, line, path) ELSE value END;
-- Without the zeros at its end.
CREATE MACRO plain_decimal(value) AS
    CASE WHEN contains(value, '.') THEN regexp_replace(decimal_text(value), '\.?0+$', '') ELSE value END;
CREATE MACRO bad_value(value, name) AS
    fail('HIVE_BAD_DATA: Error parsing field value ''' || value || ''' for field ' || name || ': For input string: "'
    || value || '"');
CREATE MACRO must_fit(value, result, name) AS
    CASE WHEN value IS NULL THEN NULL WHEN result IS NULL THEN bad_value(value, name)
    ELSE result END;
-- What java.math.BigDecimal and java.lang.Double.parseDouble take; DuckDB's casts take `1_000`, blanks and `inf` too.
-- https://docs.oracle.com/en/java/javase/21/docs/api/java.base/java/lang/Double.html#valueOf(java.lang.String)
CREATE MACRO java_number(value) AS
    CASE WHEN regexp_full_match(value, '[-+]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][-+]?[0-9]+)?') THEN value END;
CREATE MACRO java_double(value) AS
    CASE WHEN java_number(value) IS NOT NULL THEN value WHEN regexp_full_match(value,
    '[\x00-\x20]*[-+]?(([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][-+]?[0-9]+)?[dDfF]?|NaN|Infinity)[\x00-\x20]*')
    THEN regexp_extract(value, '[-+]?([0-9.]+([eE][-+]?[0-9]+)?|NaN|Infinity)') WHEN regexp_full_match(value,
    '[\x00-\x20]*[-+]?0[xX][0-9a-fA-F.]+[pP][-+]?[0-9]+[dDfF]?[\x00-\x20]*')
    THEN CAST(refuse('the hexadecimal fraction ' || value) AS VARCHAR) END;
-- TRY_CAST would round '1.5' to 2.
CREATE MACRO whole_number(value) AS
    CASE WHEN value = trunc(value) AND abs(value) < 9e15 THEN CAST(CAST(value AS BIGINT) AS VARCHAR) END;
CREATE MACRO text_integer(value) AS
    CASE WHEN regexp_matches(value, '^[-+]?[0-9]+$') THEN value
    ELSE whole_number(TRY_CAST(java_number(value) AS DOUBLE)) END;
-- The OpenX SerDe reads 0x1F as hexadecimal and 017 as octal: github.com/rcongiu/Hive-JSON-Serde, ParsePrimitiveUtils.
CREATE MACRO openx_integer(value) AS
    CASE WHEN NOT starts_with(value, '0') OR length(value) < 2 THEN value WHEN regexp_full_match(value,
    '0[xX][0-9a-fA-F]+') THEN CAST(TRY_CAST(value AS BIGINT) AS VARCHAR) WHEN regexp_full_match(value, '0[0-7]+') THEN
    CAST(list_reduce(list_transform(string_split(value, ''), lambda digit: CAST(digit AS HUGEINT)), lambda total, digit:
    total * 8 + digit) AS VARCHAR) ELSE value END;
CREATE MACRO text_double(value, name) AS must_fit(value, TRY_CAST(java_double(value) AS DOUBLE), name);
CREATE MACRO text_float(value, name) AS must_fit(value, TRY_CAST(java_double(value) AS FLOAT), name);
CREATE MACRO text_boolean(value, name) AS CASE WHEN value IS NULL THEN NULL ELSE lower(value) = 'true' END;
CREATE MACRO text_date(value, name) AS must_fit(value, TRY_CAST(left(value, 10) AS DATE), name);
-- Java's lenient formats carry the hour 24 and February 30 over; the guide does not say that Athena does.
CREATE MACRO not_carried(value, t) AS
    CASE WHEN t IS NULL OR contains(value, ' 24:') OR contains(value, 'T24:')
    THEN CAST(refuse('the timestamp ' || value) AS TIMESTAMP) ELSE t END;
-- A zone needs a T and `Z` or four digits: github.com/trinodb/trino, OpenXJsonDeserializer.
CREATE MACRO text_timestamp(value, name) AS
    must_fit(value, CASE WHEN NOT contains(value, ':') THEN CASE WHEN regexp_matches(value, '^-?[0-9]{13,}$')
    THEN make_timestamp(TRY_CAST(value AS BIGINT) * 1000) WHEN regexp_matches(value, '^-?[0-9.]+$')
    THEN make_timestamp(CAST(TRY_CAST(value AS DECIMAL(38, 6)) * 1000000 AS BIGINT)) END WHEN regexp_full_match(value,
    '(?i)\s*\d+-\d{1,2}-\d{1,2}([ T]\d{1,2}:\d{1,2}:\d{1,2}([.]\d{1,9})?|T\d{1,2}:\d{1,2})\s*'
    ) THEN not_carried(value, TRY_CAST(value AS TIMESTAMP)) WHEN regexp_full_match(value,
    '(?i)\d+-\d{1,2}-\d{1,2}T\d{1,2}:\d{1,2}(:\d{1,2}([.]\d{1,9})?)?(Z|[-+]\d{2}:?\d{2})')
    THEN not_carried(value, TRY_CAST(value AS TIMESTAMPTZ) AT TIME ZONE 'UTC') END, name);
CREATE MACRO text_binary(value, name) AS CASE WHEN value IS NULL THEN NULL ELSE from_base64(value) END;
-- Which of the values Athena keeps for keys that become equal is not said.
CREATE MACRO distinct_keys(entries) AS
    CASE WHEN len(list_distinct(list_transform(entries, lambda entry: entry.k))) < len(entries)
    THEN list_filter(entries, lambda entry: refuse('keys of a map that become equal: ' || entry.k) IS NULL)
    ELSE entries END;
