//! Where a schema registry is, and what it wants to know of who asks: properties beside those of the brokers.

use reqwest::{Certificate, Url};
use std::fmt;

const URL: &str = "schema.registry.url";
const USER: &str = "basic.auth.user.info";
const SOURCE: &str = "basic.auth.credentials.source";
const AUTHORITY: &str = "schema.registry.ssl.ca.location";

/// What it says is not shown: secrets are among it.
#[derive(Clone, Default)]
pub struct Settings {
    /// The first that answers counts.
    pub urls: Vec<Url>,
    /// A name and a password.
    pub user: Option<(String, String)>,
    /// Authorities, in place of those of the system.
    pub authorities: Option<Vec<Certificate>>,
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings").finish_non_exhaustive()
    }
}

impl Settings {
    /// Takes a property, if it is one of a registry; whether it is.
    ///
    /// # Errors
    /// It cannot have this value: why, and what to do about it.
    pub fn take(&mut self, name: &str, value: &str) -> Result<bool, (String, &'static str)> {
        match name {
            URL => {
                let help = "write where the registry is, like `schema.registry.url=https://registry:8081`";
                let url = |text: &str| {
                    Url::parse(text)
                        .ok()
                        .filter(|url| matches!(url.scheme(), "http" | "https"))
                };
                let urls: Option<Vec<Url>> = value.split(',').map(|text| url(text.trim())).collect();
                self.urls = urls.ok_or_else(|| (format!("`{name}` is no address"), help))?;
            }
            USER => {
                let (user, password) = value.split_once(':').ok_or_else(|| {
                    (
                        format!("`{name}` has no `:`"),
                        "write it like `basic.auth.user.info=name:password`",
                    )
                })?;
                self.user = Some((user.to_owned(), password.to_owned()));
            }
            SOURCE if value == "USER_INFO" => {}
            SOURCE => {
                let help = "leave it out, and write `basic.auth.user.info=name:password`";
                return Err((format!("`{name}` can be `USER_INFO` alone"), help));
            }
            AUTHORITY => {
                let read = std::fs::read(value).map_err(|error| error.to_string());
                let read = read.and_then(|pem| Certificate::from_pem_bundle(&pem).map_err(|error| error.to_string()));
                let read = read.map_err(|why| {
                    (
                        format!("`{name}` cannot be read: {why}"),
                        "name a file of certificates (PEM)",
                    )
                });
                self.authorities = Some(read?);
            }
            _ if name.starts_with("schema.registry.") || name.starts_with("basic.auth.") => {
                let help = "of a registry these can be said: `schema.registry.url`, `basic.auth.user.info`, \
                            `schema.registry.ssl.ca.location`";
                return Err((
                    format!("`{name}` is no property of a registry that is known here"),
                    help,
                ));
            }
            _ => return Ok(false),
        }
        Ok(true)
    }
}
