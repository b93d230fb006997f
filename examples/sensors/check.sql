-- The features of `maintenance` by other means, in DuckDB's SQL. Of the copies of a message the first that came counts.
create table e as
  select device, seq, any_value(taken) as taken, any_value(temp_c) as temp_c, any_value(vibration) as vibration,
    any_value(state) as state, min(received) as received
  from (
    select device.id as device, device.seq as seq, make_timestamp(reading."at ms" * 1000) as taken, reading."temp C" as temp_c,
      reading."vibration.rms" as vibration, reading.state as state, make_timestamp(gateway.received * 1000) as received
    from read_json('data/readings.jsonl', columns = {
      device: 'struct(id varchar, seq bigint)',
      reading: 'struct("at ms" bigint, "temp C" double, "vibration.rms" double, state varchar)',
      gateway: 'struct(received bigint)'
    })
  )
  where received - taken <= interval 6 hours
  group by device, seq;

create table s as
  select row_number() over () as n, * from read_csv('data/spine.csv', types = {'timestamp': 'timestamp'});

create table seen as
  select s.n, s.timestamp - e.taken as ago, e.*,
    row_number() over (partition by s.n order by e.taken desc, e.seq desc) as place
  from s join e on e.device = s.device and e.received <= s.timestamp and e.taken <= s.timestamp
  where e.state != 'idle' and s.timestamp - e.taken < interval 24 hours;

create table ranked as
  select n, vibration, row_number() over (partition by n order by vibration) as place, count(*) over (partition by n) as many
  from seen where vibration is not null;

create table quantiles as
  select n, min(vibration) filter (place >= 0.9 * many) as shake_p90 from ranked group by n;

create table health as
  select n,
    avg(temp_c) filter (ago < interval 1 hour) as mean_temp_1h,
    avg(temp_c) as mean_temp_24h,
    max(temp_c) as top_temp,
    median(vibration) as shake,
    stddev_samp(temp_c) as spread,
    list(temp_c order by place desc) filter (place <= 5) as recent,
    count(*) filter (place <= 20 and state = 'fault') as faults,
    count(*) filter (temp_c > 55) as hot,
    arg_min(state, place) as last_state,
    min(ago) as silent,
    corr(temp_c, vibration) as heat_and_shake
  from seen group by n;

select
  mean_temp_1h as health__mean_temp_1h,
  mean_temp_24h as health__mean_temp_24h,
  mean_temp_1h - mean_temp_24h as health__rise,
  top_temp as health__top_temp,
  shake_p90 as health__shake_p90,
  shake as health__shake,
  spread as health__spread,
  recent as health__recent,
  faults as health__faults,
  coalesce(hot, 0) as health__hot,
  last_state as health__last_state,
  silent as health__silent,
  heat_and_shake as health__heat_and_shake
from s left join health using (n) left join quantiles using (n)
order by s.n;
