-- The features of `retention` by other means, in DuckDB's SQL. Local instants are wall clock time in Amsterdam, whose offset in
-- these months is an hour, and two hours from 2026-03-29T01:00:00Z on, and before 2025-10-26T01:00:00Z.
create macro wall(t) as t + case
  when t >= timestamp '2026-03-29 01:00:00' or t < timestamp '2025-10-26 01:00:00' then interval 2 hours else interval 1 hour end;

create table e as
  select *, wall(happened_at) as local
  from read_csv('data/activity.csv', types = {'happened_at': 'timestamp', 'amount': 'decimal(10, 2)'});

create table s as
  select row_number() over () as n, *, wall(timestamp) as local
  from read_csv('data/spine.csv', types = {'timestamp': 'timestamp'});

-- What was exported by then, and happened by then.
create table seen as
  select s.n, s.timestamp as t, s.local as now, e.*, s.timestamp - e.happened_at as ago
  from s join e on e.customer = s.customer and e.happened_at <= s.timestamp - interval 2 hours;

create table buying as
  select n,
    sum(amount) filter (local >= date_trunc('month', now)) as this_month,
    sum(amount) filter (local >= date_trunc('month', now) - interval 3 months and local < date_trunc('month', now)) as before,
    count(*) filter (local >= date_trunc('quarter', now)) as quarter,
    count(*) filter (happened_at >= date_trunc('year', t)) as year,
    count(*) filter (happened_at >= date_trunc('day', t - interval 2 hours) - interval 720 hours
      and happened_at < date_trunc('day', t - interval 2 hours)) as nightly,
    min(ago) filter (ago < interval 8760 hours) as since_order
  from seen where kind = 'order' and amount is not null group by n;

create table contact as
  select n,
    count(*) filter (kind = 'visit' and local >= date_trunc('day', now)) as today,
    count(*) filter (kind = 'visit' and local >= date_trunc('week', now)) as week,
    count(*) filter (kind = 'visit' and local >= date_trunc('week', now) - interval 28 days and local < date_trunc('week', now))
      as weeks_before,
    count(*) filter (kind = 'complaint' and local >= date_trunc('month', now) - interval 2 months
      and local < date_trunc('month', now)) as complaints,
    first(kind order by happened_at desc, event_id desc) filter (ago < interval 2160 hours) as last_kind,
    regr_slope(case kind when 'visit' then 1.0 else 0.0 end, epoch(happened_at - timestamp '2026-01-01') / 86400.0)
      filter (ago < interval 1440 hours) as trend
  from seen group by n;

select
  coalesce(this_month, 0) as buying__this_month,
  coalesce(before, 0) as buying__before,
  coalesce(this_month, 0)::double / before::double * 3.0 as buying__share,
  coalesce(quarter, 0) as buying__quarter,
  coalesce(year, 0) as buying__year,
  coalesce(nightly, 0) as buying__nightly,
  since_order as buying__since_order,
  coalesce(today, 0) as contact__today,
  coalesce(week, 0) as contact__week,
  coalesce(weeks_before, 0) as contact__weeks_before,
  coalesce(complaints, 0) as contact__complaints,
  last_kind as contact__last_kind,
  case when not isnan(trend) then trend end as contact__trend
from s left join buying using (n) left join contact using (n)
order by s.n;
