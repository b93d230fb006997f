-- The features of `board` by other means, in DuckDB's SQL: the weather that was observed and published when a flight left, then
-- for each question the flights whose outcome was known a minute before.
create table published as
  select * from read_csv('data/weather.csv', types = {'observed_at': 'timestamp', 'published_at': 'timestamp',
    'wind_mph': 'double', 'sight_mi': 'double'});

create table flown as
  select flight_id, carrier, tailnum, origin, timezone('UTC', event_at) as event_at, timezone('UTC', known_at) as known_at, arr_delay
  from '../flights/data/flights-2013-q1.parquet'
  where not cancelled and arr_delay is not null and known_at - event_at <= interval 24 hours;

create table weathered as
  select f.flight_id, w.wind_mph, w.sight_mi, w.observed_at,
    row_number() over (partition by f.flight_id order by w.observed_at desc) as place
  from flown f join published w on w.origin = f.origin and w.observed_at <= f.event_at and w.published_at <= f.event_at
    and w.observed_at > f.event_at - interval 12 hours;

create table e as
  select f.*, p.seats, p.manufacturer, 2013 - p.year as age, p.tailnum is null as is_unknown,
    case when w.observed_at >= f.event_at - interval 3 hours then w.wind_mph end as wind,
    case when w.observed_at >= f.event_at - interval 3 hours then w.sight_mi end as sight
  from flown f
  left join read_csv('data/planes.csv', types = {'year': 'bigint', 'seats': 'bigint'}) p on p.tailnum = f.tailnum
  left join weathered w on w.flight_id = f.flight_id and w.place = 1;

create table s as
  select row_number() over () as n, * from read_csv('data/spine.csv', types = {'timestamp': 'timestamp'});

create table skies as
  select n,
    avg(arr_delay) filter (wind > 15) as delay_in_wind,
    avg(arr_delay) filter (wind <= 15) as delay_in_calm,
    count(*) filter (sight < 3 and ago < interval 72 hours) as poor_sight,
    first(wind order by event_at desc, flight_id desc) filter (ago < interval 24 hours) as wind
  from (
    select s.n, s.timestamp - e.event_at as ago, e.*
    from s join e on e.origin = s.origin and e.event_at <= s.timestamp and e.known_at <= s.timestamp - interval 1 minute
      and e.event_at > s.timestamp - interval 168 hours
  ) group by n;

-- The weather that was published, at one airport of each question.
create macro conditions(airport) as table
  select n,
    first(wind_mph order by observed_at desc) filter (wind_mph is not null and ago < interval 3 hours) as wind,
    avg(wind_mph) filter (ago < interval 12 hours) as usual_wind,
    count(*) filter (sight_mi < 3) as poor_hours
  from (
    select a.n, a.timestamp - w.observed_at as ago, w.*
    from (select n, timestamp, case airport when 'origin' then origin else dest end as place from s) a
    join published w on w.origin = a.place and w.observed_at <= a.timestamp and w.published_at <= a.timestamp
      and w.observed_at > a.timestamp - interval 24 hours
  ) group by n;

create table of_carrier as
  select s.n, s.timestamp - e.event_at as ago, e.*
  from s join e on e.carrier = s.carrier and e.event_at <= s.timestamp and e.known_at <= s.timestamp - interval 1 minute
    and e.event_at > s.timestamp - interval 168 hours;

create table makers as
  select n, manufacturer, row_number() over (partition by n order by count(*) desc, manufacturer) as place
  from of_carrier where manufacturer is not null group by n, manufacturer;

create table fleet as
  select n,
    sum(seats) filter (ago < interval 24 hours) as seats_1d,
    sum(seats) as seats_7d,
    avg(age) as age,
    count(distinct manufacturer) as makers,
    count(*) filter (seats is null) as unknown
  from of_carrier group by n;

select
  delay_in_wind as skies__delay_in_wind,
  delay_in_calm as skies__delay_in_calm,
  delay_in_wind - delay_in_calm as skies__cost_of_wind,
  coalesce(poor_sight, 0) as skies__poor_sight,
  skies.wind as skies__wind,
  seats_1d as fleet__seats_1d,
  seats_7d as fleet__seats_7d,
  age as fleet__age,
  coalesce(makers, 0) as fleet__makers,
  coalesce(unknown, 0) as fleet__unknown,
  makers.manufacturer as fleet__maker,
  takeoff.wind as takeoff__wind,
  takeoff.usual_wind as takeoff__usual_wind,
  landing.wind as landing__wind,
  coalesce(landing.poor_hours, 0) as landing__poor_hours,
  landing.usual_wind as wind_where_it_lands,
  coalesce(landing.wind - takeoff.wind, 0) as more_wind
from s
left join conditions('origin') takeoff using (n)
left join conditions('dest') landing using (n)
left join skies using (n)
left join fleet using (n)
left join makers on makers.n = s.n and makers.place = 1
order by s.n;
