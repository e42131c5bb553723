# ruff: noqa: E501 - one row, one line
"""Athena's functions in DuckDB: one row an overload, name -> (DuckDB expression, type of the result).

A function that has no row here is refused: DuckDB knows many of Trino's names with other answers (`concat` of a NULL,
`regexp_replace` of the first match, `date_diff` of boundaries). In an expression {0}, {1} ... are the arguments, {*} all
of them, {over} an aggregate's FILTER and OVER. Types: a SQL type, or `0` for the type of the first argument, `0[]` for
an array of it, `[0]` for an element of it, `map{key,value}` of such types (s: text, n: bigint), `lambda[]` for
an array of what a lambda gives (k, v: key and value of the first argument); `?` is not known. `!` refuses an overload.
https://trino.io/docs/current/functions.html, https://docs.aws.amazon.com/athena/latest/ug/functions.html
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Function:
    """How one function is written in DuckDB."""

    template: str
    returns: str
    arity: tuple[int, int]


def _table(text: str) -> dict[str, list[Function]]:
    functions: dict[str, list[Function]] = {}
    for line in text.strip().splitlines():
        name, arity, returns, template = line.split(None, 3)
        low, _, high = arity.partition("-")
        functions.setdefault(name, []).append(Function(template, returns, (int(low), int(high or low))))
    return functions


def find(name: str, count: int) -> Function | None:
    """The row of a function that takes so many arguments."""
    return next((each for each in FUNCTIONS.get(name, []) if each.arity[0] <= count <= each.arity[1]), None)


AGGREGATES = _table("""
count              0-1  BIGINT    count({*}){over}
count_if           1    BIGINT    CAST(coalesce(count_if({0}){over}, 0) AS BIGINT)
sum                1    sum       sum({0}){over}
avg                1    avg       avg({0}){over}
min                1    0         min({0}){over}
min                2    0[]       min({*}){over}
max                1    0         max({0}){over}
max                2    0[]       max({*}){over}
min_by             2    0         arg_min_null({*}){over}
min_by             3    0[]       list_transform(arg_min(struct_pack(v := {0}), {1}, {2}){over}, lambda e: e.v)
max_by             2    0         arg_max_null({*}){over}
max_by             3    0[]       list_transform(arg_max(struct_pack(v := {0}), {1}, {2}){over}, lambda e: e.v)
arbitrary          1    0         any_value({0}){over}
any_value          1    0         any_value({0}){over}
array_agg          1    0[]       list({0}){over}
map_agg            2    map{0,1}        first_entries(with_keys(list(struct_pack(k := {0}, v := {1})){over}))
multimap_agg       2    map{0,1[]}      multimap(with_keys(list(struct_pack(k := {0}, v := {1})){over}))
histogram          1    map{0,n}       histogram({0}){over}
approx_distinct    1    BIGINT    approx_count_distinct({0}){over}
approx_distinct    2    BIGINT    !
approx_percentile  2    percentile {percentile}
approx_percentile  3-4  0         !
bool_and           1    BOOLEAN   bool_and({0}){over}
every              1    BOOLEAN   bool_and({0}){over}
bool_or            1    BOOLEAN   bool_or({0}){over}
bitwise_and_agg    1    BIGINT    CAST(bit_and({0}){over} AS BIGINT)
bitwise_or_agg     1    BIGINT    CAST(bit_or({0}){over} AS BIGINT)
bitwise_xor_agg    1    BIGINT    CAST(bit_xor({0}){over} AS BIGINT)
geometric_mean     1    DOUBLE    geometric_mean({0}){over}
stddev             1    DOUBLE    stddev_samp({0}){over}
stddev_samp        1    DOUBLE    stddev_samp({0}){over}
stddev_pop         1    DOUBLE    stddev_pop({0}){over}
variance           1    DOUBLE    var_samp({0}){over}
var_samp           1    DOUBLE    var_samp({0}){over}
var_pop            1    DOUBLE    var_pop({0}){over}
corr               2    DOUBLE    finite(corr({*}){over})
covar_pop          2    DOUBLE    finite(covar_pop({*}){over})
covar_samp         2    DOUBLE    finite(covar_samp({*}){over})
regr_slope         2    DOUBLE    finite(regr_slope({*}){over})
regr_intercept     2    DOUBLE    finite(regr_intercept({*}){over})
row_number         0    BIGINT    row_number(){over}
rank               0    BIGINT    rank(){over}
dense_rank         0    BIGINT    dense_rank(){over}
percent_rank       0    DOUBLE    percent_rank(){over}
cume_dist          0    DOUBLE    cume_dist(){over}
ntile              1    BIGINT    ntile({0}){over}
lag                1-3  0         lag({*}){over}
lead               1-3  0         lead({*}){over}
first_value        1    0         first_value({0}){over}
last_value         1    0         last_value({0}){over}
nth_value          2    0         nth_value({0}, CASE WHEN {1} < 1 THEN fail('INVALID_FUNCTION_ARGUMENT: Offset must be at least 1') ELSE {1} END){over}
grouping           1-30 BIGINT    CAST(grouping({*}) AS BIGINT)
""")

_SCALARS = """
coalesce           2-99 common    coalesce({*})
nullif             2    0         nullif({*})
try                1    0         try({0})
greatest           1-99 common    CASE WHEN list_contains([{nulls}], true) THEN NULL ELSE greatest({*}) END
least              1-99 common    CASE WHEN list_contains([{nulls}], true) THEN NULL ELSE least({*}) END
abs                1    0         abs({0})
cbrt               1    DOUBLE    trino_cbrt(CAST({0} AS DOUBLE))
ceil               1    integral  ceil({0})
ceiling            1    integral  ceil({0})
floor              1    integral  floor({0})
round              1-2  round     round({*})
truncate           1    truncated trunc({0})
truncate           2    0         !
degrees            1    DOUBLE    degrees({0})
radians            1    DOUBLE    radians({0})
e                  0    DOUBLE    exp(1e0)
pi                 0    DOUBLE    pi()
exp                1    DOUBLE    exp({0})
ln                 1    DOUBLE    ln({0})
log2               1    DOUBLE    log2({0})
log10              1    DOUBLE    log10({0})
log                2    DOUBLE    (ln({1}) / ln({0}))
mod                2    mod       ({0}) % ({1})
pow                2    DOUBLE    pow({*})
power              2    DOUBLE    pow({*})
sign               1    sign      CAST(sign({0}) AS {type})
sqrt               1    DOUBLE    sqrt({0})
sin                1    DOUBLE    sin({0})
cos                1    DOUBLE    cos({0})
tan                1    DOUBLE    tan({0})
sinh               1    DOUBLE    sinh({0})
cosh               1    DOUBLE    cosh({0})
tanh               1    DOUBLE    tanh({0})
asin               1    DOUBLE    asin({0})
acos               1    DOUBLE    acos({0})
atan               1    DOUBLE    atan({0})
atan2              2    DOUBLE    atan2({*})
rand               0    DOUBLE    random()
random             0    DOUBLE    random()
random             1    0         CAST(floor(random() * CASE WHEN {0} <= 0 THEN fail('INVALID_FUNCTION_ARGUMENT: bound must be positive') ELSE {0} END) AS {type0})
random             2    0         CAST({0} + floor(random() * CASE WHEN {1} <= {0} THEN fail('INVALID_FUNCTION_ARGUMENT: bound must be positive') ELSE {1} - {0} END) AS {type0})
infinity           0    DOUBLE    CAST('infinity' AS DOUBLE)
nan                0    DOUBLE    CAST('nan' AS DOUBLE)
is_nan             1    BOOLEAN   isnan({0})
is_finite          1    BOOLEAN   isfinite({0})
is_infinite        1    BOOLEAN   isinf({0})
bitwise_and        2    BIGINT    CAST({0} & {1} AS BIGINT)
bitwise_or         2    BIGINT    CAST({0} | {1} AS BIGINT)
bitwise_xor        2    BIGINT    CAST(xor({0}, {1}) AS BIGINT)
bitwise_not        1    BIGINT    CAST(~{0} AS BIGINT)
bitwise_left_shift 2    0         ({0} << {1})
bitwise_right_shift 2   0         logical_shift({*})
bitwise_right_shift_arithmetic 2 0 ({0} >> {1})
bit_count          2    BIGINT    bit_count_in({*})
from_base          2    BIGINT    py_from_base({*})
width_bucket       2    BIGINT    len(list_filter({1}, lambda edge: edge <= {0}))
width_bucket       4    BIGINT    py_width_bucket({*})
format_number      1    VARCHAR   py_format_number(CAST({0} AS DOUBLE))
parse_data_size    1    DECIMAL(38,0) py_parse_data_size({0})
human_readable_seconds 1 VARCHAR  py_human_readable_seconds(CAST({0} AS DOUBLE))
format             1-99 VARCHAR   unless_refused(py_format({*}))
luhn_check         1    BOOLEAN   py_luhn_check({0})
soundex            1    VARCHAR   unless_refused(py_soundex({0}))
normalize          1    VARCHAR   nfc_normalize({0})
normalize          2    VARCHAR   py_normalize({*})
to_base            2    VARCHAR   CASE WHEN {0} < 0 THEN '-' ELSE '' END || lower(to_base(abs({0}), {1}))
uuid               0    UUID      uuid()
length             1    BIGINT    {length}
lower              1    VARCHAR   trino_lower({0})
upper              1    VARCHAR   trino_upper({0})
ltrim              1    VARCHAR   ltrim({0}, white_space())
ltrim              2    VARCHAR   ltrim({*})
trim               1    VARCHAR   trim({0}, white_space())
trim               2    VARCHAR   trim({*})
rtrim              1    VARCHAR   rtrim({0}, white_space())
rtrim              2    VARCHAR   rtrim({*})
reverse            1    0         trino_reverse({0})
replace            2-3  VARCHAR   trino_replace({*})
lpad               3    VARCHAR   trino_pad({*}, true)
rpad               3    VARCHAR   trino_pad({*}, false)
chr                1    VARCHAR   trino_chr({0})
codepoint          1    INT       unicode({0})
concat             2-99 concat    ({||})
concat_ws          2-99 VARCHAR   {concat_ws}
starts_with        2    BOOLEAN   starts_with({*})
ends_with          2    BOOLEAN   ends_with({*})
strpos             2    BIGINT    strpos({*})
strpos             3    BIGINT    py_strpos({*})
substr             2-3  VARCHAR   trino_substr({*})
substring          2-3  VARCHAR   trino_substr({*})
split              2    VARCHAR[] trino_split({*})
split              3    VARCHAR[] py_split({*})
split_part         3    VARCHAR   trino_split_part({*})
split_to_map       3    map{s,s}  map_from_entries(py_split_entries({*}))
split_to_map       4    ?         !
split_to_multimap  3    map{s,s[]} multimap(py_split_entries({*}))
translate          3    VARCHAR   translate({*})
levenshtein_distance 2  BIGINT    levenshtein({*})
hamming_distance   2    BIGINT    hamming({*})
to_utf8            1    VARBINARY encode({0})
from_utf8          1    VARCHAR   py_from_utf8({0})
from_utf8          2    VARCHAR   !
to_hex             1    VARCHAR   hex({0})
from_hex           1    VARBINARY trino_unhex({0})
to_base64          1    VARCHAR   to_base64({0})
from_base64        1    VARBINARY py_from_base64({0})
to_base64url       1    VARCHAR   py_to_base64url({0})
from_base64url     1    VARBINARY py_from_base64url({0})
to_base32          1    VARCHAR   py_to_base32({0})
from_base32        1    VARBINARY py_from_base32({0})
to_big_endian_64   1    VARBINARY py_to_big_endian({0}, 8)
to_big_endian_32   1    VARBINARY py_to_big_endian({0}, 4)
from_big_endian_64 1    BIGINT    py_from_big_endian({0}, 8)
from_big_endian_32 1    INT       CAST(py_from_big_endian({0}, 4) AS INTEGER)
crc32              1    BIGINT    py_crc32({0})
md5                1    VARBINARY unhex(md5({0}))
sha1               1    VARBINARY unhex(sha1({0}))
sha256             1    VARBINARY unhex(sha256({0}))
sha512             1    VARBINARY py_sha512({0})
hmac_md5           2    VARBINARY py_hmac_md5({*})
hmac_sha1          2    VARBINARY py_hmac_sha1({*})
hmac_sha256        2    VARBINARY py_hmac_sha256({*})
hmac_sha512        2    VARBINARY py_hmac_sha512({*})
url_decode         1    VARCHAR   py_url_decode({0})
url_encode         1    VARCHAR   py_url_encode({0})
url_extract_protocol 1 VARCHAR   py_url_part({0}, 'scheme')
url_extract_host 1 VARCHAR   py_url_part({0}, 'host')
url_extract_path 1 VARCHAR   py_url_part({0}, 'path')
url_extract_query 1 VARCHAR   py_url_part({0}, 'query')
url_extract_fragment 1 VARCHAR   py_url_part({0}, 'fragment')
url_extract_port   1    BIGINT    CAST(py_url_part({0}, 'port') AS BIGINT)
url_extract_parameter 2 VARCHAR   py_url_parameter({*})
regexp_like        2    BOOLEAN   regexp_matches({subject}, {1})
regexp_extract     2    VARCHAR   trino_regexp_extract({subject}, {1})
regexp_extract     3    VARCHAR   trino_regexp_extract({subject}, {1}, {2})
regexp_extract_all 2    VARCHAR[] regexp_extract_all({subject}, {1})
regexp_extract_all 3    VARCHAR[] regexp_extract_all({subject}, {1}, {2})
regexp_count       2    BIGINT    len(regexp_extract_all({subject}, {1}))
regexp_position    2-4  INT       CAST(trino_regexp_position({*}) AS INTEGER)
regexp_replace     2    VARCHAR   regexp_replace({subject}, {1}, '', 'g')
regexp_replace     3    VARCHAR   regexp_replace({subject}, {1}, {rewrite}, 'g')
regexp_split       2    VARCHAR[] string_split_regex({subject}, CASE WHEN {1} = '' THEN refuse('regexp_split by an empty pattern') ELSE {1} END)
json_extract       2    JSON      trino_json_extract({0}, {path1})
json_extract_scalar 2   VARCHAR   trino_json_scalar({0}, {path1})
json_size          2    BIGINT    trino_json_size({0}, {path1})
json_parse         1    JSON      CAST(py_json_parse({0}) AS JSON)
json_format        1    VARCHAR   CAST({0} AS VARCHAR)
json_array_length  1    BIGINT    CASE WHEN json_type(valid_json({0})) = 'ARRAY' THEN CAST(json_array_length(valid_json({0})) AS BIGINT) END
json_array_contains 2   BOOLEAN   CASE WHEN json_type(valid_json({0})) = 'ARRAY' THEN list_contains(json_extract(valid_json({0}), '$[*]'), to_json({1})) END
json_array_get     2    JSON      CASE WHEN json_type(valid_json({0})) = 'ARRAY' THEN json_extract(valid_json({0}), CAST({1} AS BIGINT)) END
is_json_scalar     1    BOOLEAN   CASE WHEN json_valid({0}) THEN json_type({0}) NOT IN ('ARRAY', 'OBJECT') ELSE fail('INVALID_FUNCTION_ARGUMENT: Invalid JSON value: ' || {0}) END
date               1    DATE      CAST({0} AS DATE)
now                0    TIMESTAMPTZ date_trunc('milliseconds', now())
current_timezone   0    VARCHAR   'UTC'
from_iso8601_date  1    DATE      iso_date(iso_form({0}))
from_iso8601_timestamp 1 TIMESTAMPTZ iso_timestamp(iso_form({0}))
from_unixtime      1    TIMESTAMPTZ unix_timestamp({0})
from_unixtime      3    TIMESTAMPTZ !
from_unixtime_nanos 1   TIMESTAMPTZ CAST(make_timestamp({0} // 1000) AS TIMESTAMPTZ)
to_unixtime        1    DOUBLE    epoch({0})
to_milliseconds    1    BIGINT    CAST(epoch_ms({0}) AS BIGINT)
to_iso8601         1    VARCHAR   {iso0}
date_format        2    VARCHAR   strftime({0}, {mysql1})
date_parse         2    TIMESTAMP date_trunc('milliseconds', {parsed})
format_datetime    2    VARCHAR   strftime({0}, {joda1})
parse_datetime     2    TIMESTAMPTZ CAST(strptime({0}, {whole_date}) AS TIMESTAMPTZ)
date_trunc         2    1         {date_trunc}
date_add           3    2         CAST({2} + {interval} AS {type2})
date_diff          3    BIGINT    date_sub({unit0}, {1}, {2})
year               1    BIGINT    year({0})
quarter            1    BIGINT    quarter({0})
month              1    BIGINT    month({0})
week               1    BIGINT    week({0})
week_of_year       1    BIGINT    week({0})
year_of_week       1    BIGINT    isoyear({0})
yow                1    BIGINT    isoyear({0})
day                1    BIGINT    day({0})
day_of_month       1    BIGINT    day({0})
day_of_week        1    BIGINT    isodow({0})
dow                1    BIGINT    isodow({0})
day_of_year        1    BIGINT    dayofyear({0})
doy                1    BIGINT    dayofyear({0})
hour               1    BIGINT    hour({0})
minute             1    BIGINT    minute({0})
second             1    BIGINT    second({0})
millisecond        1    BIGINT    (millisecond({0}) % 1000)
last_day_of_month  1    DATE      last_day({0})
cardinality        1    BIGINT    trino_cardinality({0})
contains           2    BOOLEAN   trino_contains({*})
element_at         2    element   {element}
array_distinct     1    0         trino_array_distinct({0})
array_union        2    0         trino_array_distinct({0} || {1})
array_except       2    0         trino_array_distinct(list_filter({0}, lambda x: CASE WHEN x IS NULL THEN NOT has_null({1}) ELSE NOT list_contains({1}, x) END))
array_intersect    2    0         trino_array_distinct(list_filter({0}, lambda x: CASE WHEN x IS NULL THEN has_null({1}) ELSE list_contains({1}, x) END))
array_join         2-3  VARCHAR   {array_join}
array_max          1    [0]       CASE WHEN len(list_filter({0}, lambda x: x IS NULL)) = 0 THEN list_max({0}) END
array_min          1    [0]       CASE WHEN len(list_filter({0}, lambda x: x IS NULL)) = 0 THEN list_min({0}) END
array_position     2    BIGINT    CASE WHEN {0} IS NOT NULL AND {1} IS NOT NULL THEN CAST(coalesce(list_position({*}), 0) AS BIGINT) END
array_remove       2    0         CASE WHEN {1} IS NOT NULL THEN list_filter({0}, lambda x: x IS NULL OR x <> {1}) END
trim_array         2    0         trino_trim_array({*})
zip                2-5  zip       {zip}
zip_with           3    lambda[]  {zip_with}
combinations       2    0[]       !
ngrams             2    0[]       list_transform(range(1, greatest(1, len({0}) - {1} + 1) + 1), lambda i: {0}[i:i + {1} - 1])
contains_sequence  2    BOOLEAN   (len(list_filter(range(1, len({0}) + 2), lambda i: {0}[i:i + len({1}) - 1] = {1})) > 0)
array_sort         1    0         list_sort({0}, 'ASC', 'NULLS LAST')
array_sort         2    0         !
arrays_overlap     2    BOOLEAN   trino_overlap({*})
flatten            1    [0]       flatten({0})
repeat             2    0[]       list_transform(range(CASE WHEN {1} < 0 THEN fail('INVALID_FUNCTION_ARGUMENT: count argument of repeat function must be greater than or equal to 0') ELSE {1} END), lambda i: {0})
sequence           2-3  sequence  short({sequence})
slice              3    0         trino_slice({*})
transform          2    lambda[]  list_transform({*})
filter             2    0         list_filter({*})
reduce             4    1         {reduce}
any_match          2    BOOLEAN   any_of(list_transform({*}))
all_match          2    BOOLEAN   all_of(list_transform({*}))
none_match         2    BOOLEAN   (NOT any_of(list_transform({*})))
map                0    ?         map()
map                2    map{[0],[1]} trino_map({*})
map_keys           1    keys      map_keys({0})
map_values         1    values    map_values({0})
map_concat         2-9  0         map_concat({*})
map_entries        1    rows      list_transform(map_entries({0}), lambda e: struct_pack(field0 := e.key, field1 := e.value))
map_from_entries   1    ?         map_from_entries({0})
map_filter         2    0         {map_filter}
transform_keys     2    map{1,v}  {transform_keys}
transform_values   2    map{k,1}  {transform_values}
"""

FUNCTIONS = {**AGGREGATES, **_table(_SCALARS)}

# Trino's other functions; any name that is in neither is none of Athena's.
_OTHERS = """
approx_most_frequent approx_set array_histogram bar beta_cdf bing_tile char2hexint checksum classify color convex_hull_agg
cosine_distance cosine_similarity current_groups dot_product empty_approx_set entropy euclidean_distance evaluate_classifier_predictions
features from_encoded_polyline from_geojson_geometry from_ieee754_32 from_ieee754_64 from_iso8601_timestamp_nanos geometry_invalid_reason
geometry_nearest_points geometry_to_bing_tiles geometry_union geometry_union_agg great_circle_distance hash_counts index
intersection_cardinality inverse_beta_cdf inverse_normal_cdf jaccard_index json_array json_exists json_object json_query json_table json_value kurtosis
learn_classifier learn_libsvm_classifier learn_libsvm_regressor learn_regressor line_interpolate_point line_interpolate_points
line_locate_point make_set_digest map_union map_zip_with merge merge_set_digest multimap_from_entries murmur3 normal_cdf
numeric_histogram objectid objectid_timestamp parse_duration parse_presto_data_size qdigest_agg quantile_at_value reduce_agg regr_avgx
regr_avgy regr_count regr_r2 regr_sxx regr_sxy regr_syy regress render rgb shuffle simplify_geometry skewness spatial_partitioning
spatial_partitions spooky_hash_v2_32 spooky_hash_v2_64 tdigest_agg timestamp_objectid timezone_hour timezone_minute to_encoded_polyline
to_geojson_geometry to_geometry to_ieee754_32 to_ieee754_64 to_spherical_geography value_at_quantile values_at_quantiles version
wilson_interval_lower wilson_interval_upper word_stem xxhash64 all some any table
"""
UNTRANSLATED = set(_OTHERS.split())

MACROS = [
    # A failure with our message that TRY may turn into NULL; DuckDB's error() is volatile, and TRY refuses it.
    "CREATE MACRO fail(message) AS (CASE WHEN CAST(chr(30) || message AS BIGINT) IS NULL THEN NULL END)",
    # A refusal, which TRY must not turn into NULL: it lets DuckDB's NotImplementedException pass (DuckDB 2.0.0).
    "CREATE MACRO refuse(what) AS (CASE WHEN timezone(chr(30) || 'NOT_SUPPORTED: the local Athena does not translate ' || what || chr(30), TIMESTAMP '1970-01-01') IS NULL THEN NULL END)",
    "CREATE MACRO unless_refused(s) AS CASE WHEN starts_with(s, chr(30)) THEN CAST(refuse(substr(s, 2)) AS VARCHAR) ELSE s END",
    "CREATE MACRO trino_replace(s, a) AS replace(s, a, ''), (s, a, b) AS CASE WHEN a = '' THEN py_replace(s, a, b) ELSE replace(s, a, b) END",
    "CREATE MACRO no_blank_first(v) AS CASE WHEN regexp_matches(v, '^\\s') THEN fail('INVALID_FUNCTION_ARGUMENT: Invalid format: \"' || v || '\"') ELSE v END",
    "CREATE MACRO as_real(v) AS CASE WHEN isfinite(v) AND abs(v) >= 3.4028235677973366e38 THEN CAST(sign(v) * CAST('infinity' AS FLOAT) AS FLOAT) ELSE CAST(v AS FLOAT) END",
    "CREATE MACRO trino_chr(n) AS CASE WHEN n < 0 OR n > 1114111 THEN CAST(fail('INVALID_FUNCTION_ARGUMENT: Not a valid Unicode code point: ' || n) AS VARCHAR) "
    "ELSE chr(CAST(n AS INTEGER)) END",
    "CREATE MACRO trino_unhex(s) AS CASE WHEN length(s) % 2 = 1 THEN unhex(CAST(fail('INVALID_FUNCTION_ARGUMENT: expected input length to be even, was ' || length(s)) AS VARCHAR)) "
    "ELSE unhex(s) END",
    # Of a local time that the clocks show twice, Java takes the first, DuckDB the second.
    "CREATE MACRO instant_in(z, t) AS CASE WHEN timezone(z, timezone(z, t) - INTERVAL 1 HOUR) = t THEN timezone(z, t) - INTERVAL 1 HOUR ELSE timezone(z, t) END",
    "CREATE MACRO to_milliseconds(t) AS date_trunc('milliseconds', t + to_microseconds(500))",
    "CREATE MACRO two_digit_year(t) AS CASE WHEN year(t) = 1969 THEN t + INTERVAL 100 YEAR ELSE t END",
    "CREATE MACRO trino_lower(s) AS CASE WHEN strlen(s) = length(s) THEN lower(s) ELSE py_lower(s) END",
    "CREATE MACRO trino_upper(s) AS CASE WHEN strlen(s) = length(s) THEN upper(s) ELSE py_upper(s) END",
    # DuckDB reverses what a reader takes for letters, Trino code points.
    "CREATE MACRO trino_reverse(s) AS CASE WHEN strlen(s) = length(s) THEN reverse(s) ELSE py_reverse(s) END",
    "CREATE MACRO trino_pad(s, n, p, l) AS CASE WHEN p = '' THEN fail('INVALID_FUNCTION_ARGUMENT: Padding string must not be empty') "
    "WHEN n < 0 THEN fail('INVALID_FUNCTION_ARGUMENT: Target length must be in the range [0..2147483647]') "
    "WHEN l THEN lpad(s, CAST(n AS INTEGER), p) ELSE rpad(s, CAST(n AS INTEGER), p) END",
    "CREATE MACRO trino_split(s, d) AS CASE WHEN d = '' THEN CAST(fail('INVALID_FUNCTION_ARGUMENT: The delimiter may not be the empty string') AS VARCHAR[]) "
    "ELSE string_split(s, d) END",
    # What Java calls white space; DuckDB trims blanks only.
    "CREATE MACRO white_space() AS '" + "".join(map(chr, [*range(9, 14), *range(28, 33), 0x1680, *range(0x2000, 0x2007), *range(0x2008, 0x200B), 0x2028, 0x2029, 0x205F, 0x3000])) + "'",
    "CREATE MACRO short(l) AS CASE WHEN len(l) > 10000 THEN l[fail('INVALID_FUNCTION_ARGUMENT: result of sequence function must not have more than 10000 entries'):] ELSE l END",
    "CREATE MACRO step_of(a, b, s) AS CASE WHEN s = 0 THEN fail('INVALID_FUNCTION_ARGUMENT: step must not be zero') WHEN s > 0 AND b < a OR s < 0 AND b > a THEN fail('INVALID_FUNCTION_ARGUMENT: sequence stop value "
    "should be greater than or equal to start value if step is greater than zero otherwise stop should be less than or equal to start') ELSE CAST(s AS BIGINT) END",
    "CREATE MACRO span_of(a, b, s) AS CASE WHEN step_of(a, b, CASE WHEN s > INTERVAL 0 SECOND THEN 1 WHEN s < INTERVAL 0 SECOND THEN -1 ELSE 0 END) <> 0 THEN s END",
    "CREATE MACRO finite(x) AS CASE WHEN isfinite(x) THEN x END",
    "CREATE MACRO trino_cbrt(x) AS CASE WHEN pow(round(cbrt(x)), 3) = x THEN round(cbrt(x)) ELSE cbrt(x) END",
    "CREATE MACRO logical_shift(x, n) AS CASE WHEN x < 0 THEN refuse('bitwise_right_shift of a negative number') "
    "ELSE x >> n END",
    "CREATE MACRO bit_count_in(x, n) AS CAST(CASE WHEN n = 64 THEN bit_count(CAST(x AS BIGINT)) WHEN n NOT IN (8, 16, 32) THEN refuse('bit_count in other than 8, 16, 32 and 64 bits') "
    "WHEN x >> CAST(n - 1 AS INTEGER) NOT IN (0, -1) THEN fail('INVALID_FUNCTION_ARGUMENT: Number must be representable with the bits specified. ' || x || ' cannot be represented with ' || n || ' bits') "
    "WHEN n = 32 THEN bit_count(CAST(x AS INTEGER)) WHEN n = 16 THEN bit_count(CAST(x AS SMALLINT)) ELSE bit_count(CAST(x AS TINYINT)) END AS BIGINT)",
    # Of n values in order, Trino takes the one that a share of n reaches; of many it keeps a digest and may be off.
    "CREATE MACRO percentile_of(l, q) AS l[CASE WHEN q < 0 OR q > 1 THEN fail('INVALID_FUNCTION_ARGUMENT: Percentile must be between 0 and 1') "
    "ELSE least(CAST(floor(CAST(q AS DOUBLE) * len(l)) AS BIGINT) + 1, len(l)) END]",
    # Trino's NaN equals nothing and is no maximum; DuckDB's equals itself and is the largest number.
    "CREATE MACRO no_nan(v) AS CASE WHEN CASE WHEN isnan(v) THEN CAST(refuse('a comparison with NaN') AS BOOLEAN) ELSE true END THEN v END",
    "CREATE MACRO no_nan_in(l) AS CASE WHEN CASE WHEN list_contains(l, CAST('nan' AS DOUBLE)) THEN CAST(refuse('a comparison with NaN') AS BOOLEAN) ELSE true END THEN l END",
    # Trino fails to order arrays and rows by a NULL in them.
    "CREATE MACRO no_null_in(v) AS CASE WHEN CASE WHEN regexp_matches(CAST(to_json(v) AS VARCHAR), '[:,[]null') "
    "THEN CAST(refuse('an order of arrays or rows with a NULL in them') AS BOOLEAN) ELSE true END THEN v END",
    # Rows without a key do not count; of no others there is no map.
    "CREATE MACRO with_keys(l) AS CASE WHEN len(list_filter(l, lambda e: e.k IS NOT NULL)) > 0 THEN list_filter(l, lambda e: e.k IS NOT NULL) END",
    # Trino keeps the first value of a key here, DuckDB refuses the second.
    "CREATE MACRO first_entries(l) AS map_from_entries(list_filter(l, lambda e, i: list_position(list_transform(l, lambda x: x.k), e.k) = i))",
    "CREATE MACRO multimap(l) AS map_from_entries(list_transform(list_filter(l, lambda e, i: list_position(list_transform(l, lambda x: x.k), e.k) = i), "
    "lambda e: struct_pack(k := e.k, v := list_transform(list_filter(l, lambda x: x.k = e.k), lambda x: x.v))))",
    "CREATE MACRO trino_map(k, v) AS CASE WHEN len(k) <> len(v) THEN map_of_nothing(k, v, fail('INVALID_FUNCTION_ARGUMENT: Key and value arrays must be the same length')) "
    "ELSE map(k, v) END",
    "CREATE MACRO map_of_nothing(k, v, n) AS map(k[1:n], v[1:n])",
    # What is NULL inside an array makes the answer unknown, unless another element decides it.
    "CREATE MACRO has_null(l) AS (len(list_filter(l, lambda e: e IS NULL)) > 0)",
    "CREATE MACRO array_equal(a, b) AS CASE WHEN len(a) <> len(b) THEN false ELSE all_of(list_transform(list_zip(a, b), lambda e: e[1] = e[2])) END",
    "CREATE MACRO nested_equal(a, b) AS CASE WHEN regexp_matches(CAST(to_json(a) AS VARCHAR) || CAST(to_json(b) AS VARCHAR), '[:,[]null') "
    "THEN CAST(refuse('a comparison of rows, maps or nested arrays with a NULL in them') AS BOOLEAN) ELSE a = b END",
    "CREATE MACRO trino_contains(l, x) AS CASE WHEN list_contains(l, x) THEN true WHEN l IS NULL OR x IS NULL OR has_null(l) THEN NULL ELSE false END",
    "CREATE MACRO trino_overlap(a, b) AS CASE WHEN list_has_any(list_filter(a, lambda e: e IS NOT NULL), b) THEN true "
    "WHEN a IS NULL OR b IS NULL OR has_null(a) OR has_null(b) THEN NULL ELSE false END",
    "CREATE MACRO any_of(l) AS CASE WHEN list_contains(l, true) THEN true WHEN l IS NULL OR has_null(l) THEN NULL ELSE false END",
    "CREATE MACRO all_of(l) AS CASE WHEN list_contains(l, false) THEN false WHEN l IS NULL OR has_null(l) THEN NULL ELSE true END",
    "CREATE MACRO trino_element(l, i) AS l[CASE WHEN i = 0 THEN fail('INVALID_FUNCTION_ARGUMENT: SQL array indices start at 1') ELSE i END]",
    "CREATE MACRO trino_regexp_position(s, p) AS py_regexp_position(s, p, 1, 1), (s, p, a) AS py_regexp_position(s, p, a, 1), "
    "(s, p, a, n) AS py_regexp_position(s, p, a, n)",
    # Only the rarer forms of a date go through Python.
    "CREATE MACRO iso_form(s) AS CASE WHEN regexp_full_match(s, '[0-9]{4}-[0-9]{2}-[0-9]{2}(T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]+)?(Z|[-+][0-9]{2}:[0-9]{2}))?') "
    "THEN s ELSE py_iso8601(s) END",
    "CREATE MACRO put_point(x, s) AS CASE WHEN x < 0 THEN '-' ELSE '' END || left(lpad(CAST(abs(x) AS VARCHAR), CAST(greatest(s + 1, length(CAST(abs(x) AS VARCHAR))) AS INTEGER), '0'), -s) "
    "|| '.' || right(lpad(CAST(abs(x) AS VARCHAR), CAST(greatest(s + 1, length(CAST(abs(x) AS VARCHAR))) AS INTEGER), '0'), s)",
    "CREATE MACRO trino_substr(s, a) AS CASE WHEN a = 0 OR -a > length(s) THEN left(s, 0) ELSE substr(s, a) END, "
    "(s, a, n) AS CASE WHEN a = 0 OR -a > length(s) OR n <= 0 THEN left(s, 0) ELSE substr(s, a, n) END",
    "CREATE MACRO trino_split_part(s, d, n) AS CASE WHEN n <= 0 THEN fail('INVALID_FUNCTION_ARGUMENT: Index must be greater "
    "than zero' || left(s, 0)) ELSE string_split(s, d)[n] END",
    "CREATE MACRO trino_regexp_extract(s, p) AS CASE WHEN regexp_matches(s, p) THEN regexp_extract(s, p) END, "
    "(s, p, g) AS CASE WHEN regexp_matches(s, p) THEN coalesce(nullif(regexp_extract(s, p, g), ''), py_regexp_group(s, p, g)) END",
    "CREATE MACRO valid_json(j) AS CASE WHEN json_valid(j) THEN j END",
    "CREATE MACRO trino_json_extract(j, p) AS json_extract(valid_json(j), p)",
    # DuckDB prints a fraction from a double; a number in quotes keeps its digits.
    "CREATE MACRO trino_json_scalar(j, p) AS CASE json_type(valid_json(j), p) WHEN 'OBJECT' THEN NULL WHEN 'ARRAY' THEN NULL "
    "WHEN 'DOUBLE' THEN json_text(json_extract_string(quote_numbers(CAST(valid_json(j) AS VARCHAR)), p)) "
    "ELSE json_extract_string(valid_json(j), p) END",
    "CREATE MACRO trino_json_size(j, p) AS CASE json_type(valid_json(j), p) "
    "WHEN 'OBJECT' THEN CAST(len(json_keys(valid_json(j), p)) AS BIGINT) "
    "WHEN 'ARRAY' THEN CAST(json_array_length(valid_json(j), p) AS BIGINT) "
    "ELSE CASE WHEN json_type(valid_json(j), p) IS NOT NULL THEN 0 END END",
    "CREATE MACRO iso_date(s) AS CASE WHEN s IS NULL THEN NULL WHEN TRY_CAST(s AS DATE) IS NULL OR NOT regexp_full_match(s, "
    "'[0-9]{4}-[0-9]{2}-[0-9]{2}') THEN fail('INVALID_FUNCTION_ARGUMENT: Invalid format: \"' || s || '\"') "
    "ELSE TRY_CAST(s AS DATE) END",
    "CREATE MACRO iso_instant(s) AS CASE WHEN s IS NULL THEN NULL WHEN TRY_CAST(s AS TIMESTAMPTZ) IS NULL OR NOT "
    "regexp_full_match(s, '[0-9]{4}-[0-9]{2}-[0-9]{2}(T([01][0-9]|2[0-3]):[0-9]{2}(:[0-9]{2}([.][0-9]+)?)?(Z|[-+][0-9]{2}:?[0-9]{2})?)?') "
    "THEN fail('INVALID_FUNCTION_ARGUMENT: Invalid format: \"' || s || '\"') "
    "ELSE date_trunc('milliseconds', TRY_CAST(s AS TIMESTAMPTZ)) END",
    # Trino keeps the text's offset with the value; DuckDB keeps only the instant.
    "CREATE MACRO iso_timestamp(s) AS CASE WHEN regexp_matches(s, '[-+][0-9]{2}:?[0-9]{2}$') AND NOT regexp_matches(s, "
    "'^[0-9]{4}-[0-9]{2}-[0-9]{2}$') AND NOT regexp_matches(s, '[-+]00:?00$') THEN refuse('the zone of a time "
    "other than UTC; convert with AT TIME ZONE: ' || s) ELSE iso_instant(s) END",
    "CREATE MACRO unix_timestamp(x) AS CAST(make_timestamp(CAST(floor(CAST(x AS DOUBLE) * 1000 + 0.5) AS BIGINT) * 1000) AS TIMESTAMPTZ)",
    "CREATE MACRO trino_cardinality(x) AS CAST(len(x) AS BIGINT)",
    "CREATE MACRO trino_array_distinct(x) AS list_filter(x, lambda e, i: list_position(x, e) = i "
    "OR (e IS NULL AND len(list_filter(x[1:i], lambda y: y IS NULL)) = 1))",
    "CREATE MACRO trino_slice(x, a, n) AS CASE WHEN a = 0 OR n < 0 THEN x[fail('INVALID_FUNCTION_ARGUMENT: SQL array indices start at 1'):] WHEN a > 0 THEN x[a:a + n - 1] "
    "WHEN -a > len(x) THEN x[1:0] ELSE x[len(x) + a + 1:len(x) + a + n] END",
    "CREATE MACRO trino_trim_array(x, n) AS CASE WHEN n < 0 OR n > len(x) THEN x[fail('INVALID_FUNCTION_ARGUMENT: size must not "
    "exceed array cardinality ' || len(x) || ': ' || n):] ELSE x[1:len(x) - n] END",
    "CREATE MACRO trino_subscript(x, i) AS CASE WHEN i = 0 THEN fail('INVALID_FUNCTION_ARGUMENT: SQL array indices start at 1') "
    "WHEN i < 0 THEN fail('INVALID_FUNCTION_ARGUMENT: Array subscript is negative: ' || i) WHEN i > len(x) THEN fail('INVALID_FUNCTION_ARGUMENT: Array "
    "subscript must be less than or equal to array length: ' || i || ' > ' || len(x)) ELSE x[i] END",
    "CREATE MACRO trino_map_value(m, k) AS CASE WHEN m IS NULL THEN NULL WHEN NOT map_contains(m, k) THEN "
    "fail('INVALID_FUNCTION_ARGUMENT: Key not present in map: ' || k) ELSE m[k] END",
    # Round half away from zero of a quotient of two unscaled decimals, as Trino divides them.
    "CREATE MACRO half_up_quotient(a, b) AS CASE WHEN b = 0 THEN fail('DIVISION_BY_ZERO: Division by zero' || left(CAST(a AS "
    "VARCHAR), 0)) ELSE a // b + CASE WHEN abs(a % b) * 2 >= abs(b) THEN sign(a) * sign(b) ELSE 0 END END",
    # Every number of a JSON text in quotes with a mark at each end; strings cannot hold the raw control characters.
    r"""CREATE MACRO quote_numbers(j) AS replace(replace(replace(regexp_replace(j, '("(?:[^"\\]|\\.)*")|(-?[0-9][-+0-9.eE]*)', """
    r"""'\1' || chr(1) || '\2' || chr(2), 'g'), chr(1) || chr(2), ''), chr(1), '"' || chr(57344)), chr(2), chr(57345) || '"')""",
    """CREATE MACRO json_text(s) AS replace(replace(replace(replace(s, '"' || chr(57344), ''), chr(57345) || '"', ''), """
    "chr(57344), ''), chr(57345), '')",
]  # fmt: skip
