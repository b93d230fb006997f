//! A registry behind TLS, with certificates that are made here.

use super::{TOPIC, own, properties, record, send};
use crate::tests::avro::registry::Registry;
use crate::tests::{Brokers, Run, aside, ids};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::path::Path;
use std::sync::Arc;

/// Who signs certificates, and its own one in a file.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    file: String,
}

impl Authority {
    fn new(folder: &Path, name: &str) -> Authority {
        let mut params = CertificateParams::new(vec![]).expect("no names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().expect("a key");
        let path = folder.join(name);
        std::fs::write(&path, params.self_signed(&key).expect("signed").pem()).expect("written");
        Authority {
            issuer: Issuer::new(params, key),
            file: path.display().to_string(),
        }
    }

    /// What a server on this machine needs.
    fn server(&self) -> Arc<ServerConfig> {
        let params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).expect("an address");
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.issuer).expect("signed").pem();
        let chain = vec![CertificateDer::from_pem_slice(certificate.as_bytes()).expect("a certificate")];
        let key = PrivateKeyDer::from_pem_slice(key.serialize_pem().as_bytes()).expect("a key");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let versions = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let config = versions.expect("versions").with_no_client_auth();
        Arc::new(config.with_single_cert(chain, key).expect("its key"))
    }
}

#[test]
fn a_registry_behind_tls_is_asked_when_its_authority_is_known() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (own_authority, other) = (
        Authority::new(folder.path(), "ca.pem"),
        Authority::new(folder.path(), "other.pem"),
    );
    let config = own_authority.server();
    let registry = Registry::start_over("https", move |connection| {
        let session = ServerConnection::new(config.clone()).map_err(std::io::Error::other)?;
        Ok(StreamOwned::new(session, connection))
    });
    registry.has(1, &own());
    registry.wants("ZmVhdGM6c2VjcmV0");
    let brokers = Brokers::new("rows", 1);
    (0..5).for_each(|id| send(&brokers, 0, &record(1, id)));
    let with = |authority: Option<&Authority>, user: &str| {
        let location = authority.map(|of| format!("schema.registry.ssl.ca.location={}\n", of.file));
        let url = format!("schema.registry.url={}\n", registry.url);
        let user = format!("basic.auth.user.info=featc:{user}\n");
        properties(&brokers, &[url, user, location.unwrap_or_default()].concat())
    };

    // The authorities of the system do not know it, and another one has not signed it: it is asked for nothing.
    for authority in [None, Some(&other)] {
        let run = Run::start(folder.path(), TOPIC, with(authority, "secret"));
        run.until_told("E0816");
        let problems = run.problems();
        let expected = format!(
            "the schema registry: {}: invalid peer certificate: UnknownIssuer",
            registry.url
        );
        assert_eq!(problems[0].2, expected);
        assert_eq!(run.accepted(), 0);
        run.end();
    }
    assert_eq!(registry.asked(), Vec::<String>::new());

    let run = Run::start(folder.path(), TOPIC, with(Some(&own_authority), "guessed"));
    run.until_told("E0816");
    assert!(
        run.problems()[0].2.ends_with("lets nobody in (401)"),
        "{:?}",
        run.problems()
    );
    run.end();

    let run = Run::start(folder.path(), TOPIC, with(Some(&own_authority), "secret"));
    run.until_accepted(5);
    run.end();
    assert_eq!(ids(folder.path()), (0..5).collect::<Vec<i64>>());
    assert_eq!(aside(folder.path()), []);
}
