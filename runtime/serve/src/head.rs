//! What the head of a request says: who asks, from where, in which form.

use crate::refusal::Refusal;
use crate::shared::Server;
use featc_ir::FileFormat;
use http::uri::Authority;
use http::{HeaderMap, header};
use std::net::IpAddr;

/// Rows and answers as an Arrow IPC stream.
pub const ARROW: &str = "application/vnd.apache.arrow.stream";
pub const JSON: &str = "application/json";
pub const JSONL: &str = "application/jsonl";
/// The id of a request, which comes back with what is answered.
pub const REQUEST_ID: &str = "x-request-id";

/// The longest id of a request, in bytes: it stands in every row of the served log.
pub const ID_BYTES_MAX: usize = 200;

/// The id that a request says in its head.
///
/// # Errors
/// It is too long, or has other characters.
pub fn request_id(headers: &HeaderMap) -> Result<Option<String>, Refusal> {
    let Some(said) = headers.get(REQUEST_ID) else {
        return Ok(None);
    };
    let text = said.to_str().ok().filter(|text| text.len() <= ID_BYTES_MAX);
    let help = format!("send at most {ID_BYTES_MAX} visible characters of ASCII");
    text.map_or_else(
        || Err(Refusal::unreadable("the header x-request-id is no id", help)),
        |text| Ok(Some(text.to_owned())),
    )
}

/// The form of pushed rows.
///
/// # Errors
/// The head names another form.
pub fn form_of_rows(headers: &HeaderMap) -> Result<FileFormat, Refusal> {
    let said = headers
        .get(header::CONTENT_TYPE)
        .map(|said| said.to_str().unwrap_or("?"));
    match said.map(media) {
        None
        | Some(
            JSONL
            | JSON
            | "application/x-ndjson"
            | "application/jsonlines"
            | "text/plain"
            | "application/x-www-form-urlencoded",
        ) => Ok(FileFormat::Jsonl),
        Some(ARROW) => Ok(FileFormat::Arrow),
        Some(other) => Err(Refusal::unreadable(
            format!("`{other}` is no form of rows"),
            format!("send {JSONL} (an object a line) or {ARROW}"),
        )),
    }
}

/// Whether answers are to be Arrow.
pub fn wants_arrow(headers: &HeaderMap) -> bool {
    let said = headers.get_all(header::ACCEPT);
    let said = said.iter().filter_map(|said| said.to_str().ok());
    said.flat_map(|said| said.split(',')).any(|one| media(one) == ARROW)
}

/// A form without its parameters.
fn media(said: &str) -> &str {
    said.split(';').next().unwrap_or_default().trim()
}

/// Whether a request brings the token, if there is one.
pub fn has_token(server: &Server, headers: &HeaderMap) -> bool {
    let Some(wanted) = &server.token else {
        return true;
    };
    let said = headers
        .get(header::AUTHORIZATION)
        .map_or(&b""[..], |said| said.as_bytes());
    let is_bearer = said
        .get(..7)
        .is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"bearer "));
    let said = if is_bearer { &said[7..] } else { b"" };
    // As long for a token that is wrong at its end as for one that is wrong at its beginning.
    let differ = wanted.bytes().enumerate().fold(0u8, |differ, (place, byte)| {
        differ | (byte ^ said.get(place).copied().unwrap_or(!byte))
    });
    differ == 0 && said.len() == wanted.len()
}

/// What a request says that only a web page of somebody else makes a browser say. Where there is no token, such a page could
/// push rows and, under a name that leads to this machine, read answers.
pub fn of_a_page(server: &Server, headers: &HeaderMap) -> Option<String> {
    let text = |name: &str| {
        let said = headers.get(name)?;
        Some(String::from_utf8_lossy(said.as_bytes()).into_owned())
    };
    if let Some(origin) = text("origin") {
        return Some(format!("it comes from the page `{origin}`"));
    }
    let site = text("sec-fetch-site").filter(|site| site != "none");
    if let Some(site) = site {
        return Some(format!("it comes from a page (`Sec-Fetch-Site: {site}`)"));
    }
    // Who brings a certificate may know the server by any name.
    let is_named = |host: &String| server.asks_clients() || is_this_machine(server, host);
    let host = text("host").filter(|host| !is_named(host))?;
    Some(format!("it asks for `{host}`, which is no name of this machine"))
}

fn is_this_machine(server: &Server, host: &str) -> bool {
    let Ok(authority) = host.parse::<Authority>() else {
        return false;
    };
    let name = authority.host();
    let number = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    let is_local = |number: IpAddr| number.is_loopback() || number == server.listen.ip();
    name.eq_ignore_ascii_case("localhost") || number.is_ok_and(is_local)
}
