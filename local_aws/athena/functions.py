# ruff: noqa: E501 - one row, one line
"""Athena's functions in DuckDB: one row an overload, name -> (DuckDB expression, type of the result).

A function that has no row here is refused: DuckDB knows many of Trino's names with other answers (`concat` of a NULL,
`regexp_replace` of the first match, `date_diff` of boundaries). In an expression {0}, {1} ... are the arguments, {*} all
of them, {over} an aggregate's FILTER and OVER. Types: a SQL type, or `0` for the type of the first argument, `0[]` for
an array of it, `[0]` for an element of it, `map{key,value}` of such types (s: text, n: bigint, u: not known), `lambda[]` for
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
min                2    0[]       min({0}, kept_values({1}, 'second argument of min', 'positive')){over}
max                1    0         max({0}){over}
max                2    0[]       max({0}, kept_values({1}, 'second argument of max', 'positive')){over}
min_by             2    0         arg_min_null({*}){over}
min_by             3    0[]       list_transform(arg_min(struct_pack(v := {0}), {1}, kept_values({2}, 'third argument of min_by', 'a positive integer')){over}, lambda e: e.v)
max_by             2    0         arg_max_null({*}){over}
max_by             3    0[]       list_transform(arg_max(struct_pack(v := {0}), {1}, kept_values({2}, 'third argument of max_by', 'a positive integer')){over}, lambda e: e.v)
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
lag                1-2  0         lag({*}){over}
lag                3    lagged    lag(CAST({0} AS {type}), {1}, CAST({2} AS {type})){over}
lead               1-2  0         lead({*}){over}
lead               3    lagged    lead(CAST({0} AS {type}), {1}, CAST({2} AS {type})){over}
first_value        1    0         first_value({0}){over}
last_value         1    0         last_value({0}){over}
nth_value          2    0         nth_value({0}, CASE WHEN {1} < 1 THEN fail('INVALID_FUNCTION_ARGUMENT: Offset must be at least 1') ELSE {1} END){over}
grouping           1-30 INTEGER   CAST(grouping({*}) AS INTEGER)
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
mod                2    mod       {remainder}
pow                2    DOUBLE    trino_power({*})
power              2    DOUBLE    trino_power({*})
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
rand               1    0         CAST(floor(random() * CASE WHEN {0} <= 0 THEN fail('INVALID_FUNCTION_ARGUMENT: bound must be positive') ELSE {0} END) AS {type0})
random             2    0         CAST({0} + floor(random() * CASE WHEN {1} <= {0} THEN fail('INVALID_FUNCTION_ARGUMENT: bound must be positive') ELSE {1} - {0} END) AS {type0})
rand               2    0         CAST({0} + floor(random() * CASE WHEN {1} <= {0} THEN fail('INVALID_FUNCTION_ARGUMENT: bound must be positive') ELSE {1} - {0} END) AS {type0})
infinity           0    DOUBLE    CAST('infinity' AS DOUBLE)
nan                0    DOUBLE    CAST('nan' AS DOUBLE)
is_nan             1    BOOLEAN   isnan({0})
is_finite          1    BOOLEAN   isfinite({0})
is_infinite        1    BOOLEAN   isinf({0})
bitwise_and        2    BIGINT    CAST({0} & {1} AS BIGINT)
bitwise_or         2    BIGINT    CAST({0} | {1} AS BIGINT)
bitwise_xor        2    BIGINT    CAST(xor({0}, {1}) AS BIGINT)
bitwise_not        1    BIGINT    CAST(~({0}) AS BIGINT)
bitwise_left_shift 2    0         CAST(left_shift({*}, {bits}) AS {type0})
bitwise_right_shift 2   0         logical_shift({*})
bitwise_right_shift_arithmetic 2 0 arithmetic_shift({*}, {bits})
bit_count          2    BIGINT    bit_count_in({*})
from_base          2    BIGINT    py_from_base({*})
width_bucket       2    BIGINT    py_bucket_among(CAST({0} AS DOUBLE), CAST({1} AS DOUBLE[]))
width_bucket       4    BIGINT    py_width_bucket({*})
format_number      1    VARCHAR   py_format_number(CAST({0} AS DOUBLE))
parse_data_size    1    DECIMAL(38,0) py_parse_data_size({0})
human_readable_seconds 1 VARCHAR  py_human_readable_seconds(CAST({0} AS DOUBLE))
format             1-99 VARCHAR   unless_refused(py_format({formatted}))
luhn_check         1    BOOLEAN   py_luhn_check({0})
soundex            1    VARCHAR   unless_refused(py_soundex({0}))
normalize          1    VARCHAR   nfc_normalize({0})
normalize          2    VARCHAR   py_normalize({*})
to_base            2    VARCHAR   trino_to_base({*})
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
lpad               3    binary    trino_pad({*}, true)
rpad               3    binary    trino_pad({*}, false)
chr                1    VARCHAR   trino_chr({0})
codepoint          1    INT       unicode({0})
concat             2-99 concat    ({||})
concat_ws          2-99 VARCHAR   {concat_ws}
starts_with        2    BOOLEAN   starts_with({*})
ends_with          2    BOOLEAN   !
strpos             2    BIGINT    strpos({*})
strpos             3    BIGINT    py_strpos({*})
substr             2-3  binary    trino_substr({*})
substring          2-3  binary    trino_substr({*})
split              2    VARCHAR[] trino_split({*})
split              3    VARCHAR[] py_split({*})
split_part         3    VARCHAR   trino_split_part({*})
split_to_map       3    map{s,s}  map_from_entries(py_split_entries({*}, true))
split_to_map       4    ?         !
split_to_multimap  3    map{s,s[]} multimap(py_split_entries({*}, false))
translate          3    VARCHAR   translate({*})
levenshtein_distance 2  BIGINT    trino_levenshtein({*})
hamming_distance   2    BIGINT    trino_hamming({*})
to_utf8            1    VARBINARY encode({0})
from_utf8          1    VARCHAR   unless_refused(py_from_utf8({0}))
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
url_extract_protocol 1 VARCHAR   py_url_part({0}, 'protocol')
url_extract_host 1 VARCHAR   py_url_part({0}, 'host')
url_extract_path 1 VARCHAR   py_url_part({0}, 'path')
url_extract_query 1 VARCHAR   py_url_part({0}, 'query')
url_extract_fragment 1 VARCHAR   py_url_part({0}, 'fragment')
url_extract_port   1    BIGINT    CAST(py_url_part({0}, 'port') AS BIGINT)
url_extract_parameter 2 VARCHAR   py_url_parameter({*})
regexp_like        2    BOOLEAN   regexp_matches({subject}, {1})
regexp_extract     2    VARCHAR   trino_regexp_extract({subject}, {1})
regexp_extract     3    VARCHAR   trino_regexp_extract({subject}, {1}, {group})
regexp_extract_all 2    VARCHAR[] regexp_extract_all({subject}, {1})
regexp_extract_all 3    VARCHAR[] regexp_extract_all({subject}, {1}, {group})
regexp_count       2    BIGINT    len(regexp_extract_all({subject}, {1}))
regexp_position    2-4  INT       CAST({position} AS INTEGER)
regexp_replace     2    VARCHAR   regexp_replace({subject}, {1}, '', 'g')
regexp_replace     3    VARCHAR   regexp_replace({subject}, {1}, {rewrite}, 'g')
regexp_split       2    VARCHAR[] CASE WHEN {1} IS NOT NULL THEN string_split_regex({subject}, {1}) END
json_extract       2    JSON      trino_json_extract({0}, {path1})
json_extract_scalar 2   VARCHAR   trino_json_scalar({0}, {path1})
json_size          2    BIGINT    trino_json_size({0}, {path1})
json_parse         1    JSON      CAST(py_json_parse({0}) AS JSON)
json_format        1    VARCHAR   CAST({0} AS VARCHAR)
json_array_length  1    BIGINT    CASE WHEN json_type(valid_json({0})) = 'ARRAY' THEN CAST(json_array_length(valid_json({0})) AS BIGINT) END
json_array_contains 2   BOOLEAN   CASE WHEN json_type(valid_json({0})) = 'ARRAY' THEN list_contains(json_extract(valid_json({0}), '$[*]'), to_json({1})) END
json_array_get     2    JSON      CASE WHEN json_type(valid_json({0})) = 'ARRAY' THEN json_element(valid_json({0}), CAST({1} AS BIGINT)) END
is_json_scalar     1    BOOLEAN   CASE WHEN json_valid({0}) THEN json_type({0}) NOT IN ('ARRAY', 'OBJECT') ELSE fail('INVALID_FUNCTION_ARGUMENT: Invalid JSON value: ' || {0}) END
date               1    DATE      CAST({0} AS DATE)
now                0    TIMESTAMPTZ date_trunc('milliseconds', now())
current_timezone   0    VARCHAR   'UTC'
from_iso8601_date  1    DATE      iso_date(iso_form({0}))
from_iso8601_timestamp 1 TIMESTAMPTZ iso_timestamp(iso_form({0}))
from_unixtime      1    TIMESTAMPTZ unix_timestamp({0})
from_unixtime      3    TIMESTAMPTZ !
from_unixtime_nanos 1   TIMESTAMPTZ !
to_unixtime        1    DOUBLE    epoch({0})
to_milliseconds    1    BIGINT    CAST(epoch_ms({0}) AS BIGINT)
to_iso8601         1    VARCHAR   {iso0}
date_format        2    VARCHAR   strftime({0}, {mysql1})
date_parse         2    TIMESTAMP date_trunc('milliseconds', {parsed})
format_datetime    2    VARCHAR   strftime({0}, {joda1})
parse_datetime     2    TIMESTAMPTZ CAST({whole_date} AS TIMESTAMPTZ)
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
array_except       2    0         CASE WHEN {1} IS NOT NULL THEN trino_array_distinct(list_filter({0}, lambda x: CASE WHEN x IS NULL THEN NOT has_null({1}) ELSE NOT list_contains({1}, x) END)) END
array_intersect    2    0         CASE WHEN {1} IS NOT NULL THEN trino_array_distinct(list_filter({0}, lambda x: CASE WHEN x IS NULL THEN has_null({1}) ELSE list_contains({1}, x) END)) END
array_join         2-3  VARCHAR   {array_join}
array_max          1    [0]       CASE WHEN len(list_filter({0}, lambda x: x IS NULL)) = 0 THEN list_max({0}) END
array_min          1    [0]       CASE WHEN len(list_filter({0}, lambda x: x IS NULL)) = 0 THEN list_min({0}) END
array_position     2    BIGINT    CASE WHEN {0} IS NOT NULL AND {1} IS NOT NULL THEN CAST(coalesce(list_position({*}), 0) AS BIGINT) END
array_remove       2    0         CASE WHEN {1} IS NOT NULL THEN list_filter({0}, lambda x: x IS NULL OR x <> {1}) END
trim_array         2    0         trino_trim_array({*})
zip                2-5  zip       CASE WHEN NOT list_contains([{nulls}], true) THEN {zip} END
zip_with           3    lambda[]  CASE WHEN {0} IS NOT NULL AND {1} IS NOT NULL THEN {zip_with} END
combinations       2    0[]       !
ngrams             2    0[]       trino_ngrams({0}, CASE WHEN {1} <= 0 THEN fail('INVALID_FUNCTION_ARGUMENT: N must be positive') ELSE {1} END)
contains_sequence  2    BOOLEAN   CASE WHEN {0} IS NOT NULL AND {1} IS NOT NULL THEN (len(list_filter(range(1, len({0}) + 2), lambda i: {0}[i:i + len({1}) - 1] = {1})) > 0) END
array_sort         1    0         list_sort({0}, 'ASC', 'NULLS LAST')
array_sort         2    0         !
arrays_overlap     2    BOOLEAN   trino_overlap({*})
flatten            1    [0]       flatten({0})
repeat             2    0[]       list_transform(range(CASE WHEN {1} < 0 THEN fail('INVALID_FUNCTION_ARGUMENT: count argument of repeat function must be greater than or equal to 0') WHEN {1} > 10000 THEN fail('INVALID_FUNCTION_ARGUMENT: count argument of repeat function must be less than or equal to 10000') ELSE {1} END), lambda i: {0})
sequence           2-3  sequence  {sequence}
slice              3    0         trino_slice({*})
transform          2    lambda[]  list_transform({*})
filter             2    0         list_filter({*})
reduce             4    1         {reduce}
any_match          2    BOOLEAN   any_of(list_transform({*}))
all_match          2    BOOLEAN   all_of(list_transform({*}))
none_match         2    BOOLEAN   (NOT any_of(list_transform({*})))
map                0    map{u,u}  map()
map                2    map{[0],[1]} trino_map({*})
map_keys           1    keys      map_keys({0})
map_values         1    values    map_values({0})
map_concat         2-9  0         CASE WHEN NOT list_contains([{nulls}], true) THEN map_concat({*}) END
map_entries        1    rows      list_transform(map_entries({0}), lambda e: struct_pack(field0 := e.key, field1 := e.value))
map_from_entries   1    ?         map_from_entries(CASE WHEN has_null({0}) THEN {0}[fail('INVALID_FUNCTION_ARGUMENT: map entry cannot be null'):] ELSE {0} END)
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
