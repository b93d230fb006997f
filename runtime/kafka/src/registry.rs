//! A schema registry: the schemas of records by their numbers, over HTTP, each asked for once.

use crate::avro::{Schema, Schemas};
use crate::settings::Settings;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::{Client, StatusCode, Url};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::runtime::{Builder, Runtime};

/// So long one answer may take.
const ANSWER: Duration = Duration::from_secs(3);
/// An answer is no longer than that.
const ANSWER_MAX: usize = 8 << 20;
/// So many schemas one may refer to, those that these refer to among them.
const REFERENCES_MAX: usize = 1_000;
/// So often a schema is asked for that the registry does not know: it may have been registered a moment ago.
const UNKNOWN_ASKED: u32 = 4;
/// So long it counts as unknown then.
const UNKNOWN_FOR: Duration = Duration::from_secs(60);
/// Numbers that are remembered as unknown.
const UNKNOWN_MAX: usize = 10_000;

/// What a registry says of a number.
#[derive(Debug, Clone)]
pub enum Found {
    Schema(Arc<Schema>),
    /// No record with this number can be used, and why.
    Unusable(Arc<str>),
}

/// Why a schema is not known so far: it is asked for again.
#[derive(Debug)]
pub struct Away(pub String);

/// A registry, and what it has said.
#[derive(Debug)]
pub struct Registry {
    settings: Settings,
    client: Client,
    runtime: Runtime,
    known: BTreeMap<u32, Found>,
    unknown: BTreeMap<u32, Unknown>,
}

/// A number that the registry did not know, how often it was asked, and when it was last.
#[derive(Debug, Clone, Copy)]
struct Unknown {
    asked: u32,
    last: Instant,
}

/// `GET /schemas/ids/N`, or a version of a subject.
#[derive(Debug, Deserialize)]
struct Told {
    schema: String,
    #[serde(rename = "schemaType")]
    kind: Option<String>,
    #[serde(default)]
    references: Vec<Reference>,
}

#[derive(Debug, Deserialize)]
struct Reference {
    subject: String,
    version: i64,
}

/// What came of a question.
enum Answer {
    Told(Told),
    /// The registry knows no such schema.
    NotThere,
    /// What it says is no schema.
    Broken(String),
}

impl Registry {
    /// # Errors
    /// The system gives no client.
    pub fn new(settings: &Settings) -> Result<Registry, String> {
        let runtime = Builder::new_current_thread().enable_all().build();
        let mut client = Client::builder().timeout(ANSWER).user_agent("featc");
        if let Some(authorities) = &settings.authorities {
            client = client.tls_built_in_root_certs(false);
            client = authorities
                .iter()
                .fold(client, |client, one| client.add_root_certificate(one.clone()));
        }
        Ok(Registry {
            settings: settings.clone(),
            client: client.build().map_err(words)?,
            runtime: runtime.map_err(|error| error.to_string())?,
            known: BTreeMap::new(),
            unknown: BTreeMap::new(),
        })
    }

    /// The schema with this number.
    ///
    /// # Errors
    /// [`Away`]: the registry does not answer, lets nobody in, or did not know it a moment ago.
    pub fn get(&mut self, id: u32) -> Result<Found, Away> {
        if let Some(known) = self.known.get(&id) {
            return Ok(known.clone());
        }
        let before = self.unknown.get(&id).copied();
        let before = before.filter(|before| before.last.elapsed() < UNKNOWN_FOR);
        if before.is_some_and(|before| before.asked >= UNKNOWN_ASKED) {
            return Ok(unknown(id));
        }
        let found = match self.runtime.block_on(self.ask(id))? {
            Some(found) => found,
            None => {
                if self.unknown.len() >= UNKNOWN_MAX {
                    self.unknown.clear();
                }
                let asked = before.map_or(0, |before| before.asked) + 1;
                let last = Instant::now();
                self.unknown.insert(id, Unknown { asked, last });
                return match asked < UNKNOWN_ASKED {
                    true => Err(Away(format!("schema {id} is not in the registry so far"))),
                    false => Ok(unknown(id)),
                };
            }
        };
        self.unknown.remove(&id);
        self.known.insert(id, found.clone());
        Ok(found)
    }

    /// `None`: the registry does not know it.
    async fn ask(&self, id: u32) -> Result<Option<Found>, Away> {
        let unusable = |why: String| {
            Ok(Some(Found::Unusable(
                format!("schema {id} cannot be used: {why}").into(),
            )))
        };
        let told = match self.fetch(&format!("schemas/ids/{id}")).await? {
            Answer::Told(told) => told,
            Answer::NotThere => return Ok(None),
            Answer::Broken(why) => return unusable(why),
        };
        let kind = told.kind.as_deref().unwrap_or("AVRO");
        if kind != "AVRO" {
            return unusable(format!("it is one of {kind}, not of Avro"));
        }
        let mut schemas = Schemas::default();
        // Those that are referred to come before who refers to them.
        let (mut met, mut waiting) = (BTreeSet::new(), vec![Waiting::Ask(told.references)]);
        while let Some(next) = waiting.pop() {
            let references = match next {
                Waiting::Add(subject, schema) => {
                    if let Err(why) = schemas.add(&schema) {
                        return unusable(format!("in `{subject}`, {why}"));
                    }
                    continue;
                }
                Waiting::Ask(references) => references,
            };
            for Reference { subject, version } in references.into_iter().rev() {
                if !met.insert((subject.clone(), version)) {
                    continue;
                }
                if met.len() > REFERENCES_MAX {
                    return unusable(format!("it refers to more than {REFERENCES_MAX} others"));
                }
                let escaped = utf8_percent_encode(&subject, NON_ALPHANUMERIC);
                match self.fetch(&format!("subjects/{escaped}/versions/{version}")).await? {
                    Answer::Told(told) => {
                        waiting.push(Waiting::Add(subject, told.schema));
                        waiting.push(Waiting::Ask(told.references));
                    }
                    Answer::NotThere => {
                        return unusable(format!("version {version} of `{subject}` is not in the registry"));
                    }
                    Answer::Broken(why) => return unusable(why),
                }
            }
        }
        match schemas.finish(&told.schema) {
            Ok(schema) => Ok(Some(Found::Schema(Arc::new(schema)))),
            Err(why) => unusable(why),
        }
    }

    /// Asks one after the other until one answers.
    async fn fetch(&self, path: &str) -> Result<Answer, Away> {
        let mut away = Away("no address of a registry".to_owned());
        for url in &self.settings.urls {
            match self.fetch_from(url, path).await {
                Ok(answer) => return Ok(answer),
                Err(why) => away = Away(format!("{}: {why}", shown(url))),
            }
        }
        Err(away)
    }

    async fn fetch_from(&self, url: &Url, path: &str) -> Result<Answer, String> {
        let address = format!("{}/{path}", url.as_str().trim_end_matches('/'));
        let mut request = self.client.get(address);
        request = request.header("Accept", "application/vnd.schemaregistry.v1+json, application/json");
        if let Some((name, password)) = &self.settings.user {
            request = request.basic_auth(name, Some(password));
        }
        let mut response = request.send().await.map_err(words)?;
        let (status, mut body) = (response.status(), Vec::new());
        while let Some(chunk) = response.chunk().await.map_err(words)? {
            body.extend_from_slice(&chunk);
            if body.len() > ANSWER_MAX {
                return Ok(Answer::Broken(
                    "the answer of the registry is longer than 8 MiB".to_owned(),
                ));
            }
        }
        if status.is_success() {
            let told = serde_json::from_slice(&body).map(Answer::Told);
            return told.map_err(|error| format!("its answer is none of a schema registry: {error}"));
        }
        // 40401, 40402 and 40403: no such subject, version, schema. Any other 404 is not a registry's.
        let json: Option<serde_json::Value> = serde_json::from_slice(&body).ok();
        let code = json.and_then(|json| json.get("error_code")?.as_i64());
        match (status, code) {
            (StatusCode::NOT_FOUND, Some(40401..=40403)) => Ok(Answer::NotThere),
            (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN, _) => {
                Err(format!("it lets nobody in ({})", status.as_u16()))
            }
            _ => Err(format!("it answers with {}", status.as_u16())),
        }
    }
}

/// What is left to do for a schema that refers to others; the last one is next.
enum Waiting {
    Ask(Vec<Reference>),
    /// A subject and its schema, after those that it refers to.
    Add(String, String),
}

fn unknown(id: u32) -> Found {
    Found::Unusable(format!("schema {id} is not in the registry").into())
}

/// An address without what may be secret in it.
fn shown(url: &Url) -> String {
    let port = url.port().map_or(String::new(), |port| format!(":{port}"));
    format!("{}://{}{port}", url.scheme(), url.host_str().unwrap_or_default())
}

/// An error with what it comes from, without the address.
fn words(error: reqwest::Error) -> String {
    let error = error.without_url();
    if error.is_timeout() {
        return "it does not answer".to_owned();
    }
    let mut cause: &dyn std::error::Error = &error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
