//! What a request asks: one service, some of its columns, entities.

use crate::refusal::Refusal;
use crate::shared::Server;
use featc_ir::Type;
use featc_ir::plan::Spine;
use featr::Program;
use featr_online::Question;
use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::json;
use serde_json::value::RawValue;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// What a request says, a column per join key.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body<'a> {
    #[serde(borrow, deserialize_with = "entities")]
    entities: BTreeMap<String, Vec<&'a RawValue>>,
    feature_service: Option<String>,
    #[serde(default)]
    features: Vec<String>,
    #[serde(default)]
    full_feature_names: bool,
    #[serde(default)]
    include_feature_view_version_metadata: bool,
}

/// Columns by join key; a key that occurs twice is refused.
fn entities<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, Vec<&'de RawValue>>, D::Error> {
    struct Columns;
    impl<'de> Visitor<'de> for Columns {
        type Value = BTreeMap<String, Vec<&'de RawValue>>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object with the values of each join key")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
            let mut columns = BTreeMap::new();
            while let Some((key, values)) = entries.next_entry::<String, Vec<&RawValue>>()? {
                let twice = format!("key {} occurs twice in `entities`", json!(key));
                if columns.insert(key, values).is_some() {
                    return Err(A::Error::custom(twice));
                }
            }
            Ok(columns)
        }
    }
    deserializer.deserialize_map(Columns)
}

const HELP: &str = "send {\"feature_service\": NAME, \"entities\": {KEY: [VALUE, …], …}}, or in place of the service \
                    \"features\": [\"VIEW:FEATURE\", …]; Feast's SDK does so with an online store of type `remote`";

/// A question with the columns of its answer that leave.
#[derive(Debug)]
pub struct Asked {
    pub question: Question,
    /// Per join key, in the order of the service, the values as they came.
    pub entities: Vec<(String, Vec<String>)>,
    pub columns: Vec<Column>,
}

/// A feature that is answered.
#[derive(Debug)]
pub struct Column {
    /// What the response calls it.
    pub name: String,
    /// Its place among the features of the service.
    pub place: usize,
    pub ty: Type,
}

/// A service as Feast sees it.
struct Offered<'a> {
    service: &'a str,
    spine: &'a Spine,
    features: Vec<Feature>,
}

/// A column of a service.
struct Feature {
    /// None of a feature of the service's own.
    view: Option<String>,
    /// Without its view.
    short: String,
    full: String,
    ty: Type,
}

impl Offered<'_> {
    fn of<'a>(program: &'a Program, service: &'a str) -> Result<Offered<'a>, Refusal> {
        let refused = |error| Refusal::of_error(&error);
        let mut views = program.field_views(service).map_err(refused)?.into_iter();
        let features = program.fields(service).into_iter().map(|(full, ty)| {
            let view = views.next();
            let short = view
                .as_deref()
                .and_then(|view| full.strip_prefix(view)?.strip_prefix("__"));
            let short = short.unwrap_or(&full).to_owned();
            Feature { view, short, full, ty }
        });
        Ok(Offered {
            service,
            features: features.collect(),
            spine: program.service(service).map_err(refused)?,
        })
    }

    /// The places of features among those of the service; `None` if it does not have them all.
    fn places(&self, wanted: &[(&str, &str)]) -> Option<Vec<usize>> {
        let place = |(view, feature): &(&str, &str)| {
            let is_it = |known: &Feature| known.view.as_deref() == Some(*view) && known.short == *feature;
            self.features.iter().position(is_it)
        };
        wanted.iter().map(place).collect()
    }

    /// Why Feast's protocol cannot ask it, if so.
    fn beyond(&self) -> Option<String> {
        let names = |keys: &[featc_ir::Key]| {
            let names = keys.iter().map(|key| format!("`{}`", key.name));
            names.collect::<Vec<_>>().join(", ")
        };
        let service = self.service;
        match (&self.spine.request[..], &self.spine.self_columns[..]) {
            ([], []) => None,
            ([], own) => Some(format!(
                "service `{service}` says `excluding self`: its questions bring {}, the identity of an event",
                names(own)
            )),
            (fields, _) => Some(format!(
                "service `{service}` reads {} of its questions, and a field of a request is no join key",
                names(fields)
            )),
        }
    }

    /// Whether it asks for just these columns.
    fn asks_for(&self, given: &BTreeSet<&str>) -> bool {
        let columns = self.spine.columns();
        columns.iter().map(|key| key.name.as_str()).collect::<BTreeSet<_>>() == *given
    }
}

/// Reads a request.
///
/// # Errors
/// It is none; it asks for what is not there, or cannot be asked so.
pub fn asked(server: &Server, bytes: &[u8], request_id: Option<String>) -> Result<Asked, Refusal> {
    let body: Body<'_> = serde_json::from_slice(bytes)
        .map_err(|error| Refusal::unreadable(format!("the body is no request of Feast: {error}"), HELP))?;
    if body.include_feature_view_version_metadata {
        let message = "`include_feature_view_version_metadata` is asked for, and views have no versions here";
        return Err(Refusal::beyond_feast(message, "leave it away"));
    }
    let rows = rows(&body)?;
    server.limits.check_entities(rows)?;
    let program = server.runtime.program();
    let given: BTreeSet<&str> = body.entities.keys().map(String::as_str).collect();
    let (offered, places) = match (&body.feature_service, &body.features[..]) {
        (Some(service), []) => {
            let offered = Offered::of(program, service)?;
            let places = (0..offered.features.len()).collect();
            (offered, places)
        }
        (None, features @ [_, ..]) => choose(program, features, &given)?,
        (Some(_), _) => {
            return Err(Refusal::unreadable(
                "`feature_service` and `features` are both there",
                HELP,
            ));
        }
        (None, []) => {
            return Err(Refusal::unreadable(
                "neither `feature_service` nor `features` is there",
                HELP,
            ));
        }
    };
    if let Some(why) = offered.beyond() {
        return Err(Refusal::beyond_feast(why, "ask POST /v1/answer, which takes them"));
    }
    // Where nobody is asked about the keys are looked at, too: in a row of nulls, which is not asked.
    let lines: Vec<String> = (0..rows.max(1)).map(|row| line(&body.entities, row)).collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let questions = program.questions(offered.service, &lines);
    let questions = questions.map_err(|error| Refusal::of_error(&error))?.slice(0, rows);
    let columns = places.into_iter().map(|place| {
        let Feature { short, full, ty, .. } = &offered.features[place];
        let name = if body.full_feature_names { full } else { short };
        Column {
            name: name.clone(),
            place,
            ty: *ty,
        }
    });
    let columns: Vec<Column> = columns.collect();
    check_names(&columns, given)?;
    let texts = |name: &String| body.entities[name].iter().map(|value| value.get().to_owned()).collect();
    let keys = offered.spine.columns().into_iter();
    Ok(Asked {
        entities: keys.map(|key| (key.name.clone(), texts(&key.name))).collect(),
        columns,
        question: Question {
            service: offered.service.to_owned(),
            rows: questions,
            at_us: None,
            request_id,
            is_whole: true,
        },
    })
}

/// How many entities are asked about.
fn rows(body: &Body<'_>) -> Result<usize, Refusal> {
    let mut columns = body.entities.iter();
    let Some((first, values)) = columns.next() else {
        return Err(Refusal::unreadable("`entities` names no join key", HELP));
    };
    match columns.find(|(_, other)| other.len() != values.len()) {
        None => Ok(values.len()),
        Some((name, other)) => {
            let message = format!(
                "`entities` has {} values of `{first}` and {} of `{name}`",
                values.len(),
                other.len()
            );
            Err(Refusal::unreadable(message, "send as many values of each join key"))
        }
    }
}

/// An entity as an object; beyond the last one it has nulls.
fn line(entities: &BTreeMap<String, Vec<&RawValue>>, row: usize) -> String {
    let entries = entities.iter().map(|(name, values)| {
        format!(
            "{}:{}",
            json!(name),
            values.get(row).map_or("null", |value| value.get())
        )
    });
    format!("{{{}}}", entries.collect::<Vec<_>>().join(","))
}

/// The service that answers these features: the first that has them all, that Feast can ask and a server answer, that asks for
/// just these join keys, and that has no gates; where there is none, the first that lacks least of it.
fn choose<'a>(
    program: &'a Program,
    features: &[String],
    given: &BTreeSet<&str>,
) -> Result<(Offered<'a>, Vec<usize>), Refusal> {
    let mut wanted = Vec::with_capacity(features.len());
    let mut known = BTreeSet::new();
    for feature in features {
        if !known.insert(feature) {
            let message = format!("`{feature}` is asked for more than once");
            return Err(Refusal::beyond_feast(message, "ask for each feature once"));
        }
        let parts = feature.split_once(':');
        wanted.push(parts.ok_or_else(|| {
            Refusal::unreadable(
                format!("`{feature}` names no feature"),
                "write VIEW:FEATURE, as in `spend:total`",
            )
        })?);
    }
    let offered = program.services().map(|service| Offered::of(program, service));
    let offered = offered.collect::<Result<Vec<_>, Refusal>>()?;
    let is_known = |one: &(&str, &str)| offered.iter().any(|offered| offered.places(&[*one]).is_some());
    if let Some(unknown) = wanted.iter().position(|one| !is_known(one)) {
        return Err(Refusal::no_such_features(format!(
            "no service answers `{}`",
            features[unknown]
        )));
    }
    let whole = offered.into_iter().filter_map(|offered| {
        let places = offered.places(&wanted)?;
        Some((offered, places))
    });
    let best = whole.min_by_key(|(offered, _)| {
        (
            offered.beyond().is_some(),
            // A source of it has no arrival.
            program.default_truth(offered.service).is_err(),
            !offered.asks_for(given),
            !program.gated(offered.service).is_empty(),
        )
    });
    best.ok_or_else(|| {
        let names: Vec<String> = features.iter().map(|feature| format!("`{feature}`")).collect();
        Refusal::no_such_features(format!("no service answers {} together", names.join(", ")))
    })
}

/// Refuses a response in which two columns have one name.
fn check_names<'a>(columns: &'a [Column], given: BTreeSet<&'a str>) -> Result<(), Refusal> {
    let mut known = given;
    match columns.iter().find(|column| !known.insert(&column.name)) {
        None => Ok(()),
        Some(column) => Err(Refusal::beyond_feast(
            format!("two columns of the answer would be called `{}`", column.name),
            "ask with `full_feature_names`, which puts the view in front of each name",
        )),
    }
}
