-- The features of `eta` by other means, in DuckDB's SQL: for each question what was reported five seconds before.
create table reported as
  select * from read_csv('data/orders.csv', types = {'placed_at': 'timestamp', 'delivered_at': 'timestamp',
    'reported_at': 'timestamp', 'amount': 'decimal(12, 2)'})
  where reported_at - placed_at <= interval 8 hours;

-- Of the versions that were valid and loaded when an order was placed the last one.
create table placed as
  select o.order_id, v.city,
    row_number() over (partition by o.order_id order by v.valid_from desc, v.loaded_at desc) as place
  from reported o join read_csv('data/restaurants.csv', types = {'valid_from': 'timestamp', 'loaded_at': 'timestamp'}) v
    on v.restaurant_id = o.restaurant_id and v.valid_from <= o.placed_at and v.loaded_at <= o.placed_at;

create table d as
  select o.*, epoch(o.delivered_at - o.placed_at) / 60.0 as took, coalesce(p.city, 'unknown') as city
  from reported o left join placed p on p.order_id = o.order_id and p.place = 1
  where o.status = 'delivered' and o.delivered_at is not null;

create table s as
  select row_number() over () as n, * from read_csv('data/spine.csv', types = {'timestamp': 'timestamp', 'amount': 'decimal(12, 2)'});

create table seen as
  select s.n, s.timestamp - d.delivered_at as ago, d.*,
    row_number() over (partition by s.n order by d.delivered_at desc, d.order_id desc) as back,
    row_number() over (partition by s.n order by d.took) as place, count(*) over (partition by s.n) as many
  from s join d on d.restaurant_id = s.restaurant_id and d.delivered_at <= s.timestamp
    and d.reported_at <= s.timestamp - interval 5 seconds and d.delivered_at > s.timestamp - interval 168 hours;

create table kitchen as
  select n,
    avg(took) filter (ago < interval 1 hour) as took_1h,
    avg(took) filter (ago < interval 24 hours) as took_1d,
    avg(took) as took_7d,
    min(took) filter (place >= 0.9 * many) as took_p90,
    avg(took) filter (back <= 5) as recent,
    count(*) filter (ago < interval 1 hour) as deliveries_1h,
    count(*) as deliveries_7d,
    count(*) filter (took > 40) / count(*)::double as late_share,
    sum(amount)::double / count(*) as usual
  from seen group by n;

create table streets as
  select s.n,
    avg(d.took) filter (s.timestamp - d.delivered_at < interval 1 hour) as took_1h,
    avg(d.took) as took_7d,
    count(*) filter (s.timestamp - d.delivered_at < interval 1 hour) as deliveries,
    count(distinct d.restaurant_id) as kitchens
  from s join d on d.city = s.city and d.delivered_at <= s.timestamp
    and d.reported_at <= s.timestamp - interval 5 seconds and d.delivered_at > s.timestamp - interval 168 hours
  group by s.n;

create table refusals as
  select s.n, count(*) as cancelled
  from s join reported o on o.restaurant_id = s.restaurant_id and o.placed_at <= s.timestamp
    and o.reported_at <= s.timestamp - interval 5 seconds and o.placed_at > s.timestamp - interval 168 hours
  where o.status = 'cancelled' group by s.n;

select
  kitchen.took_1h as kitchen__took_1h,
  kitchen.took_1d as kitchen__took_1d,
  kitchen.took_7d as kitchen__took_7d,
  took_p90 as kitchen__took_p90,
  recent as kitchen__recent,
  coalesce(deliveries_1h, 0) as kitchen__deliveries_1h,
  coalesce(deliveries_7d, 0) as kitchen__deliveries_7d,
  coalesce(late_share, 0.0) as kitchen__late_share,
  kitchen.took_1d - kitchen.took_7d as kitchen__trend,
  usual as kitchen__usual,
  streets.took_1h as streets__took_1h,
  streets.took_7d as streets__took_7d,
  coalesce(streets.deliveries, 0) as streets__deliveries,
  coalesce(kitchens, 0) as streets__kitchens,
  coalesce(cancelled, 0) as refusals__cancelled,
  coalesce(s.amount::double / usual, 1.0) as basket_vs_usual,
  coalesce(s.items > 4, false) as is_large
from s
left join kitchen using (n)
left join streets using (n)
left join refusals using (n)
order by s.n;
