-- The features of `rank` by other means, in DuckDB's SQL: for each question what was in the log a minute before.
create table e as
  select event_id, "user" as reader, item, topic, kind, position, "at" as happened
  from read_csv('data/events.csv', types = {'at': 'timestamp'});

create table s as
  select row_number() over () as n, "user" as reader, item, position, topic, timestamp as t
  from read_csv('data/spine.csv', types = {'timestamp': 'timestamp'});

create table visible as
  select s.n, s.t - e.happened as ago, e.reader = s.reader as is_reader, e.item = s.item as is_item, e.topic = s.topic as is_topic,
    e.*
  from s join e on (e.reader = s.reader or e.item = s.item)
    and e.happened <= s.t - interval 1 minute and e.happened > s.t - interval 168 hours;

create table opened as
  select n, topic, row_number() over (partition by n order by count(*) desc, topic) as place
  from visible where is_reader and kind = 'click' group by n, topic;

create table counted as
  select n,
    count(*) filter (is_reader and kind = 'shown' and ago < interval 24 hours) as shown_1d,
    count(*) filter (is_reader and kind = 'shown') as shown_7d,
    count(*) filter (is_reader and kind = 'click' and ago < interval 24 hours) as clicks_1d,
    count(*) filter (is_reader and kind = 'click') as clicks_7d,
    arg_max(topic, (happened, event_id)) filter (is_reader and kind = 'click') as last_topic,
    min(ago) filter (is_reader) as away,
    count(*) filter (is_item and kind = 'shown' and ago < interval 6 hours) as item_shown_6h,
    count(*) filter (is_item and kind = 'shown') as item_shown_7d,
    count(*) filter (is_item and kind = 'click' and ago < interval 6 hours) as item_clicks_6h,
    count(*) filter (is_item and kind = 'click') as item_clicks_7d,
    count(distinct reader) filter (is_item and kind = 'click') as readers,
    avg(position) filter (is_item and kind = 'click') as usual_position,
    count(*) filter (is_item and is_reader and kind = 'shown') as pair_shown,
    coalesce(bool_or(kind = 'click') filter (is_item and is_reader), false) as was_opened,
    count(*) filter (is_topic and is_reader and kind = 'click') as taste_clicks,
    count(*) filter (is_topic and is_reader and kind = 'shown') as taste_shown
  from visible group by n;

create table filled as
  select s.n, s.position, c.* exclude (n, was_opened),
    coalesce(c.was_opened, false) as was_opened
  from s left join counted c using (n);

select
  coalesce(shown_1d, 0) as reading__shown_1d,
  coalesce(shown_7d, 0) as reading__shown_7d,
  coalesce(clicks_1d, 0) as reading__clicks_1d,
  coalesce(clicks_7d, 0) as reading__clicks_7d,
  clicks_7d / nullif(shown_7d, 0) as reading__click_rate,
  last_topic as reading__last_topic,
  opened.topic as reading__topic,
  away as reading__away,
  coalesce(item_shown_6h, 0) as popularity__shown_6h,
  coalesce(item_shown_7d, 0) as popularity__shown_7d,
  coalesce(item_clicks_6h, 0) as popularity__clicks_6h,
  coalesce(item_clicks_7d, 0) as popularity__clicks_7d,
  coalesce(readers, 0) as popularity__readers,
  usual_position as popularity__position,
  coalesce(pair_shown, 0) as history__shown,
  was_opened as history__was_opened,
  coalesce(taste_clicks, 0) as interest__clicks,
  coalesce(taste_shown, 0) as interest__shown,
  (coalesce(item_clicks_7d, 0) + 1) / (coalesce(item_shown_7d, 0) + 2) as article_rate,
  (coalesce(item_clicks_7d, 0) + 1) / (coalesce(item_shown_7d, 0) + 2) / (clicks_7d / nullif(shown_7d, 0)) as against_reader,
  coalesce(filled.position > usual_position, false) as is_far_down
from filled left join opened on opened.n = filled.n and opened.place = 1
order by filled.n;
