//! TLS: the certificate of the server, and whether clients have to bring one.

use rustls::pki_types::pem::{Error as PemError, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::{CertificateError, RootCertStore, ServerConfig};
use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;
use tokio_rustls::TlsAcceptor;
use webpki::{EndEntityCert, KeyUsage};

/// How connections are encrypted.
#[derive(Clone)]
pub struct Tls {
    pub(crate) acceptor: TlsAcceptor,
    /// Whether clients without a certificate are refused.
    pub asks_clients: bool,
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").field("asks_clients", &self.asks_clients).finish()
    }
}

/// The files that TLS is made of.
#[derive(Debug, Clone, Copy)]
pub struct TlsFiles<'a> {
    /// The certificate of the server, with those between it and its authority after it, as PEM.
    pub certificate: &'a Path,
    /// Its private key, as PEM.
    pub key: &'a Path,
    /// The authorities that certificates of clients have to come from, as PEM.
    pub client_ca: Option<&'a Path>,
}

/// Which file is of no use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsFile {
    Certificate,
    Key,
    ClientCa,
}

/// Why TLS cannot be had with some files, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsProblem {
    pub file: TlsFile,
    pub why: String,
    pub help: &'static str,
}

impl Tls {
    /// Reads the files; certificates have to be valid at `now`.
    ///
    /// # Errors
    /// A file that cannot be read, holds something else, or has expired; a key of another certificate.
    pub fn read(files: TlsFiles<'_>, now: SystemTime) -> Result<Tls, TlsProblem> {
        let now = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let now = UnixTime::since_unix_epoch(now);
        let problem = |file, help: &'static str| move |why: String| TlsProblem { file, why, help };
        let of_certificate = problem(
            TlsFile::Certificate,
            "name a file with the server's certificate in PEM (`-----BEGIN CERTIFICATE-----`) that is valid now",
        );
        let of_key = problem(
            TlsFile::Key,
            "name a file with the private key of this certificate in PEM, not encrypted (`-----BEGIN PRIVATE KEY-----`)",
        );
        let of_client_ca = problem(
            TlsFile::ClientCa,
            "name a file with the certificates in PEM of the authorities that clients' certificates come from",
        );
        let chain = certificates(files.certificate, now).map_err(of_certificate)?;
        let key = key(files.key).map_err(of_key)?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions();
        let builder = builder.map_err(|error| of_certificate(error.to_string()))?;
        let builder = match files.client_ca {
            None => builder.with_no_client_auth(),
            Some(path) => {
                let mut roots = RootCertStore::empty();
                for authority in certificates(path, now).map_err(of_client_ca)? {
                    roots.add(authority).map_err(|error| of_client_ca(error.to_string()))?;
                }
                let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
                builder.with_client_cert_verifier(verifier.map_err(|error| of_client_ca(error.to_string()))?)
            }
        };
        let config = builder.with_single_cert(chain, key).map_err(|error| match error {
            rustls::Error::InconsistentKeys(_) => of_key("it is the key of another certificate".to_owned()),
            other => of_certificate(other.to_string()),
        });
        let mut config = config?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Tls {
            acceptor: TlsAcceptor::from(Arc::new(config)),
            asks_clients: files.client_ca.is_some(),
        })
    }
}

fn bytes(path: &Path) -> Result<Vec<u8>, String> {
    std::fs::read(path).map_err(|error| featr::plain(&error))
}

/// The certificates of a file, all of them valid.
fn certificates(path: &Path, now: UnixTime) -> Result<Vec<CertificateDer<'static>>, String> {
    let bytes = bytes(path)?;
    let all: Result<Vec<CertificateDer<'static>>, PemError> = CertificateDer::pem_slice_iter(&bytes).collect();
    let all = all.map_err(|error| not_pem(&error))?;
    if all.is_empty() {
        return Err("it holds no certificate".to_owned());
    }
    all.iter().try_for_each(|certificate| check(certificate, now))?;
    Ok(all)
}

/// Refuses what is no certificate, and one that is not valid now. Who has signed it is for clients to judge.
fn check(certificate: &CertificateDer<'_>, now: UnixTime) -> Result<(), String> {
    let no_certificate = |error: webpki::Error| format!("it holds no certificate that can be used: {error}");
    let parsed = EndEntityCert::try_from(certificate).map_err(no_certificate)?;
    let itself = [webpki::anchor_from_trusted_cert(certificate).map_err(no_certificate)?];
    let verified = parsed.verify_for_usage(
        webpki::ALL_VERIFICATION_ALGS,
        &itself,
        &[],
        now,
        KeyUsage::server_auth(),
        None,
        None,
    );
    match verified {
        Err(webpki::Error::CertExpired { not_after, .. }) => {
            Err(format!("a certificate in it has expired, at {}", instant(not_after)))
        }
        Err(webpki::Error::CertNotValidYet { not_before, .. }) => Err(format!(
            "a certificate in it is not valid yet, before {}",
            instant(not_before)
        )),
        Ok(_) | Err(_) => Ok(()),
    }
}

fn instant(at: UnixTime) -> String {
    featc_ir::display::instant(
        i64::try_from(at.as_secs())
            .unwrap_or(i64::MAX)
            .saturating_mul(1_000_000),
    )
}

fn key(path: &Path) -> Result<PrivateKeyDer<'static>, String> {
    PrivateKeyDer::from_pem_slice(&bytes(path)?).map_err(|error| match error {
        PemError::NoItemsFound => "it holds no private key that is not encrypted".to_owned(),
        other => not_pem(&other),
    })
}

/// What is wrong with a text that should be PEM.
fn not_pem(error: &PemError) -> String {
    let why = match error {
        PemError::MissingSectionEnd { end_marker } => {
            // The marker as bytes: `CERTIFICATE`.
            let label = String::from_utf8_lossy(end_marker);
            let label = label.trim_matches(['-', ' ']);
            format!("the line `-----END {}-----` is missing; the file may be cut off", label)
        }
        PemError::IllegalSectionStart { line } => {
            format!(
                "a line is no beginning of a section: `{}`",
                String::from_utf8_lossy(line).trim()
            )
        }
        PemError::Base64Decode(_) => {
            "what stands between its lines `-----BEGIN …-----` and `-----END …-----` is no Base64".to_owned()
        }
        other => other.to_string(),
    };
    format!("it is no PEM: {why}")
}

/// Why a handshake failed, in a word.
pub(crate) fn reason(error: &io::Error) -> &'static str {
    let of_tls = error.get_ref().and_then(|error| error.downcast_ref::<rustls::Error>());
    match of_tls {
        Some(rustls::Error::NoCertificatesPresented) => "no_certificate",
        Some(rustls::Error::InvalidCertificate(
            CertificateError::Expired | CertificateError::ExpiredContext { .. },
        )) => "expired",
        Some(rustls::Error::InvalidCertificate(_)) => "certificate",
        // The client does not trust the server's certificate, say.
        Some(rustls::Error::AlertReceived(_)) => "refused_by_client",
        Some(_) => "no_tls",
        None => "broken_off",
    }
}

#[cfg(test)]
mod tests;
