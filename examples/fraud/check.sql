-- The features of `authorise` by other means, in DuckDB's SQL: for each question its card's and its merchant's payments that
-- were recorded by then.
create table e as
  select * replace (amount::decimal(12, 2) as amount, paid_at::timestamp as paid_at, recorded_at::timestamp as recorded_at)
  from read_csv('data/payments.csv', types = {'amount': 'decimal(12, 2)', 'paid_at': 'timestamp', 'recorded_at': 'timestamp'})
  where recorded_at - paid_at <= interval 24 hours;

create table s as
  select row_number() over () as n, * replace (amount::decimal(12, 2) as amount)
  from read_csv('data/spine.csv', types = {'amount': 'decimal(12, 2)', 'timestamp': 'timestamp'});

-- Window edges are `t - length < paid_at <= t`.
create table of_card as
  select s.n, s.timestamp as t, s.timestamp - e.paid_at as ago, e.*
  from s join e on e.card = s.card and e.recorded_at <= s.timestamp and e.paid_at <= s.timestamp;

create table of_merchant as
  select s.n, s.timestamp - e.paid_at as ago, e.approved
  from s join e on e.merchant = s.merchant and e.recorded_at <= s.timestamp and e.paid_at <= s.timestamp;

create table home as
  select n, country, row_number() over (partition by n order by count(*) desc, country) as place
  from of_card where approved and ago < interval 720 hours group by n, country;

create table spend as
  select n,
    sum(amount) filter (ago < interval 1 hour) as total_1h,
    sum(amount) filter (ago < interval 24 hours) as total_1d,
    sum(amount) as total_30d,
    count(*) filter (ago < interval 10 minutes) as payments_10m,
    count(*) filter (ago < interval 24 hours) as payments_1d,
    count(*) as payments_30d,
    sum(amount)::double / count(*) as usual,
    stddev_samp(amount::double) as spread,
    median(amount::double) as typical,
    max(amount) as most,
    count(distinct merchant) filter (ago < interval 168 hours) as merchants,
    min(ago) as since_last
  from of_card where approved and ago < interval 720 hours group by n;

create table declines as
  select n,
    count(*) filter (ago < interval 1 hour) as declined_1h,
    count(*) as declined_7d
  from of_card where not approved and ago < interval 168 hours group by n;

create table till as
  select n, count(*) as attempts, count(*) filter (not approved) / count(*)::double as declined_share
  from of_merchant where ago < interval 168 hours group by n;

select
  coalesce(total_1h, 0) as spend__total_1h,
  coalesce(total_1d, 0) as spend__total_1d,
  coalesce(total_30d, 0) as spend__total_30d,
  coalesce(payments_10m, 0) as spend__payments_10m,
  coalesce(payments_1d, 0) as spend__payments_1d,
  coalesce(payments_30d, 0) as spend__payments_30d,
  usual as spend__usual,
  spread as spend__spread,
  typical as spend__typical,
  most as spend__most,
  home.country as spend__home,
  coalesce(merchants, 0) as spend__merchants,
  since_last as spend__since_last,
  coalesce(declined_1h, 0) as declines__declined_1h,
  coalesce(declined_7d, 0) as declines__declined_7d,
  coalesce(attempts, 0) as till__attempts,
  declined_share as till__declined_share,
  coalesce(s.amount::double / usual, 1.0) as times_usual,
  (s.amount::double - usual) / spread as deviations,
  coalesce(s.amount > most, false) as is_largest,
  coalesce(s.country != home.country, false) as is_abroad,
  hour(s.timestamp) as hour_of_day
from s
left join spend using (n)
left join declines using (n)
left join till using (n)
left join home on home.n = s.n and home.place = 1
order by s.n;
