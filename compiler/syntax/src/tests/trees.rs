//! Trees by example.

use super::tree;
use insta::assert_snapshot;

fn expr(text: &str) -> String {
    let whole = tree(&format!("module m transform t from s {{ where {text} }}"));
    let line = whole
        .lines()
        .find(|line| line.starts_with("  (where "))
        .unwrap_or(&whole);
    line.trim()
        .trim_start_matches("(where ")
        .trim_end_matches(')')
        .to_owned()
}

/// Both texts have one tree.
fn same(left: &str, right: &str) {
    assert_eq!(expr(left), expr(right));
}

#[test]
fn operators_bind_as_documented() {
    same("a or b and c", "a or (b and c)");
    same("a or b or c", "(a or b) or c");
    same("not a and b", "(not a) and b");
    same("not a = b", "not (a = b)");
    same("not a is null", "not (a is null)");
    same("a = b + c", "a = (b + c)");
    same("a + b is null", "(a + b) is null");
    same("a - b - c", "(a - b) - c");
    same("a + b * c div d", "a + ((b * c) div d)");
    same("-a * b", "(-a) * b");
    same("-a is null", "(-a) is null");
    same("a - -b", "a - (-b)");
    same("a = not b = c", "a = (not (b = c))");
    same("a not in (1, 2) and b", "(a not in (1, 2)) and b");
    same("a*b mod c", "(a * b) mod c");
}

#[test]
fn every_clause_has_its_place() {
    assert_snapshot!(tree(include_str!("all.feat")), @r#"
    (module flights)
    (entity carrier (carrier string))
    (entity route (origin string) (carrier string))
    (doc "Departures.\n\nTwo lines.")
    (source departures
      (columns (flight_id int64) (tailnum string?) (fare decimal(12,2)?) (event_at timestamp) (known_at timestamp) (time timestamp) (date date) (day int64) (key string) (status string) (batch string) (stream string) (owner string) (tags string) (count int64) (unique int64) (delay int64) (of string) (source string))
      (unique flight_id)
      (time event_at)
      (arrival known_at)
      (delay 5000000)
      (skew 300000000)
      (lateness 86400000000)
      (begins 1356998400000000)
      (zone "America/New_York")
      (keep-nan)
      (batch parquet "data/*.parquet")
      (stream parquet "data/*.parquet" "é\n")
    )
    (source b
      (unique-all)
      (time time)
      (arrival-after-time 300000000)
      (lateness unbounded)
      (batch delta "t" (version 12))
      (stream arrow "version")
    )
    (transform landed departures (at (+ time (duration 5400000000))) (within 172800000000)
      (where (or (and (not cancelled) (is-not-null dep_delay)) (and (in count 1 2 3) (not-in owner "x"))))
      (let late (> arr_delay 15))
      (let gain (cast (- dep_delay arr_delay) float64))
      (let c (case (when (= a 1) (neg 2)) (when b 1.5e-3) (else null)))
      (let d (- (call if a (date 15706) (timestamp 1356994800000000)) (/ (mod (div (* (neg x) y) z) 3) (+ a b))))
      (let e (+ (+ (call div a b 2) (call coalesce delay 0)) (call truncate time (duration 3600000000))))
    )
    (view carrier_delay carrier landed (by carrier)
      (owner "ops")
      (tags delay demo)
      (ttl 7200000000)
      (doc "Mean arrival delay.")
      (feature mean_delay (call mean arr_delay) (over [1h 1d 7d]))
      (feature flights (call count) (over 7d (excluding now)))
      (feature late_share (/ (call count (where late)) (call count)) (over 7d) (default 0.0))
      (feature worst (call max arr_delay (where late)) (over 30d (excluding self)) (default (neg 1)))
      (feature last_dest (call last dest ignoring-nulls) (over lifetime))
      (feature dests (call count_distinct dest) (over 30d) (cap 1000))
      (feature idle (call time_since_last) (over 30d))
      (feature trend (- mean_delay_1h mean_delay_7d) (default 0.0))
    )
    (service eta_v1
      (role back route_delay dest origin)
      (role role tail)
      (carrier_delay mean_delay_* trend)
      (route_delay * (fallback gate))
      (tail flights (fallback impute))
      (back mean worst (fallback gate))
      (back trend (as trend_back) (fallback gate))
      (role *)
      (as x (as as))
    )
    (doc "About a carrier.")
    (test "late \"arrivals\"" carrier_delay
      (given departures
        (<flight_id> <tailnum> <known_at>)
        (<1> "a | b" <2013-01-01T00:00:00Z>)
        (<2> <> <@2013-01-01T01:00:00Z>)
      )
      (expect known 1357005600000000 (carrier "AA") (departures.flight_id <-1>)
        (flights <1> ok)
        (idle <null> missing)
      )
      (expect 1357005600000000
        (last [<1> <-inf> <null>] error(cap))
      )
    )
    "#);
}

#[test]
fn broken_pieces_leave_their_names() {
    assert_snapshot!(tree(
        "module m
source s { time = x  }
view v of e from s {
  feature a = sum( over 7d
  feature b = count() over 7d
}
view w off e from s { feature c = 1 }
service x { v.b }"
    ), @r#"
    (module m)
    (source s
      (broken time ?)
    )
    (view v e s
      (feature b (call count) (over 7d))
      (broken feature a)
    )
    (broken view w)
    (service x
      (v b)
    )
    a.feat:2:17: error[E0001]: between the word of a clause and what it says stands nothing
    a.feat:4:18: error[E0014]: `(` is never closed
    a.feat:7:8: error[E0015]: `off` is not a keyword
    "#);
}

#[test]
fn a_byte_order_mark_and_crlf_are_white_space() {
    assert_snapshot!(tree("\u{feff}module m\r\n/// doc\r\nentity e (a: int64)\r\nentity f (a: x y)\r\n"), @r#"
    (module m)
    (doc "doc")
    (entity e (a int64))
    (broken entity f)
    a.feat:4:16: error[E0001]: expected `)` or `,`, found `y`
    "#);
}

#[test]
fn templates_and_parameters_have_their_places() {
    let text = "module m\n/// A week.\nparam week = 7d\nparam low = -1.5\n/// Of a column.\ntemplate spend(col) {\n/// Sum of {col}.\n\
                feature {col}_sum = sum({col}) over [1d, { week }] default {low}\nfeature of_{col} = {col}_sum_1d / 2\n}\n\
                view v of e from s { ttl {week} use spend for (a, b,) feature x = count() over {week} every {week} }";
    assert_snapshot!(tree(text), @r#"
    (module m)
    (doc "A week.")
    (param week (duration 604800000000))
    (param low (neg 1.5))
    (doc "Of a column.")
    (template spend col)
      (doc "Sum of {col}.")
      (feature {col}_sum (call sum {col}) (over [1d {week}]) (default {low}))
      (feature of_{col} (/ {col}_sum_1d 2))
    (view v e s
      (ttl {week})
      (feature x (call count) (over {week} every {week}))
      (use spend a b)
    )
    "#);
}
