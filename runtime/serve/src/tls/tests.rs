//! Handshakes over loopback, with certificates that are made here.

use super::*;
use crate::log::Log;
use crate::shared::{Limits, Server};
use featr_online::{Folder, Options, Runtime, SystemClock};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// 2030-01-01, and days around it.
const THEN: u64 = 1_893_456_000;
const DAY: u64 = 86_400;

/// Who signs certificates.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

/// A certificate with its key, as PEM.
#[derive(Clone)]
struct Signed {
    certificate: String,
    key: String,
}

impl Authority {
    fn new() -> Authority {
        let mut params = CertificateParams::new(vec![]).expect("no names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let pem = params.self_signed(&key).expect("signed").pem();
        Authority {
            issuer: Issuer::new(params, key),
            pem,
        }
    }

    fn sign(&self, from: u64, to: u64) -> Signed {
        let mut params = CertificateParams::new(vec!["localhost".to_owned()]).expect("a name");
        let epoch = rcgen::date_time_ymd(1970, 1, 1);
        params.not_before = epoch + Duration::from_secs(from);
        params.not_after = epoch + Duration::from_secs(to);
        let key = KeyPair::generate().expect("a key");
        Signed {
            certificate: params.signed_by(&key, &self.issuer).expect("signed").pem(),
            key: key.serialize_pem(),
        }
    }

    /// One that is valid while the tests run.
    fn valid(&self) -> Signed {
        self.sign(THEN - 30 * 365 * DAY, THEN + 100 * 365 * DAY)
    }
}

struct Files(tempfile::TempDir);

impl Files {
    fn new() -> Files {
        Files(tempfile::tempdir().expect("a folder"))
    }

    fn put(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, text).expect("written");
        path
    }

    fn read(&self, signed: &Signed, client_ca: Option<&str>, now: SystemTime) -> Result<Tls, TlsProblem> {
        let (certificate, key) = (self.put("cert", &signed.certificate), self.put("key", &signed.key));
        let client_ca = client_ca.map(|text| self.put("ca", text));
        let files = TlsFiles {
            certificate: &certificate,
            key: &key,
            client_ca: client_ca.as_deref(),
        };
        Tls::read(files, now)
    }
}

fn problem(of: Result<Tls, TlsProblem>) -> (TlsFile, String) {
    let problem = of.expect_err("it is refused");
    assert!(!problem.help.is_empty());
    (problem.file, problem.why)
}

#[test]
fn files_that_are_of_no_use_are_told() {
    let (files, authority, other) = (Files::new(), Authority::new(), Authority::new());
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(THEN);
    let good = authority.sign(THEN - DAY, THEN + DAY);
    let read = |certificate: &str, key: &str, ca: Option<&str>| {
        let signed = Signed {
            certificate: certificate.to_owned(),
            key: key.to_owned(),
        };
        files.read(&signed, ca, now)
    };
    assert!(read(&good.certificate, &good.key, Some(&authority.pem)).is_ok());
    let whole = format!("{}{}", good.certificate, authority.pem);
    assert!(read(&whole, &good.key, None).is_ok());
    for (certificate, key, ca, file, why) in [
        (
            "letters",
            good.key.as_str(),
            None,
            TlsFile::Certificate,
            "it holds no certificate",
        ),
        (
            &good.key,
            &good.key,
            None,
            TlsFile::Certificate,
            "it holds no certificate",
        ),
        (
            &good.certificate,
            "letters",
            None,
            TlsFile::Key,
            "it holds no private key that is not encrypted",
        ),
        (
            &good.certificate,
            &good.certificate,
            None,
            TlsFile::Key,
            "it holds no private key that is not encrypted",
        ),
        (
            &good.certificate,
            &other.valid().key,
            None,
            TlsFile::Key,
            "it is the key of another certificate",
        ),
        (
            &good.certificate,
            &good.key,
            Some("letters"),
            TlsFile::ClientCa,
            "it holds no certificate",
        ),
        (
            &authority.sign(THEN - 3 * DAY, THEN - DAY).certificate,
            &good.key,
            None,
            TlsFile::Certificate,
            "a certificate in it has expired, at 2029-12-31T00:00:00Z",
        ),
        (
            &authority.sign(THEN + DAY, THEN + 3 * DAY).certificate,
            &good.key,
            None,
            TlsFile::Certificate,
            "a certificate in it is not valid yet, before 2030-01-02T00:00:00Z",
        ),
        (
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
            &good.key,
            None,
            TlsFile::Certificate,
            "it holds no certificate that can be used: ",
        ),
        (
            "-----BEGIN CERTIFICATE-----\n?\n-----END CERTIFICATE-----\n",
            &good.key,
            None,
            TlsFile::Certificate,
            "it is no PEM: what stands between its lines",
        ),
    ] {
        let (of, said) = problem(read(certificate, key, ca));
        assert_eq!(of, file, "{said}");
        assert!(said.starts_with(why), "{said}");
    }
    let none = Path::new("/nowhere");
    let missing = TlsFiles {
        certificate: none,
        key: none,
        client_ca: None,
    };
    assert_eq!(problem(Tls::read(missing, now)).1, "no such file or folder");
}

/// A server on a port that is free, on a thread of its own.
struct Served {
    server: crate::shared::Shared,
    address: SocketAddr,
    end: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
    _folder: tempfile::TempDir,
}

impl Served {
    fn new(tls: Tls, patience: Duration) -> Served {
        let folder = tempfile::tempdir().expect("a folder");
        let disk = Folder::take(folder.path()).expect("a folder").expect("nobody has it");
        let opened = Runtime::open(
            crate::testing::shop(),
            Arc::new(disk),
            Arc::new(SystemClock),
            Options::default(),
        );
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.set_nonblocking(true).expect("a socket");
        let address = listener.local_addr().expect("an address");
        let limits = Limits {
            request_time: patience,
            ..Limits::default()
        };
        let log = Log::new(std::io::sink());
        let server = Arc::new(Server::new(
            opened.expect("a state").0,
            address,
            (None, Some(tls)),
            limits,
            log,
        ));
        let end = Arc::new(AtomicBool::new(false));
        let (of_thread, flag) = (server.clone(), end.clone());
        let thread = std::thread::spawn(move || {
            let threads = tokio::runtime::Runtime::new().expect("threads");
            let ends = crate::shared::End::Flag(flag);
            let served = threads.block_on(crate::connections::serve(of_thread, listener, ends, || ()));
            served.expect("it ends in order");
        });
        Served {
            server,
            address,
            end,
            thread: Some(thread),
            _folder: folder,
        }
    }

    /// What a request to `/health` is answered by a client that trusts an authority, and brings a certificate or none.
    fn ask(&self, trusted: &Authority, brings: Option<&Signed>) -> std::io::Result<String> {
        let mut roots = RootCertStore::empty();
        let authority = CertificateDer::from_pem_slice(trusted.pem.as_bytes()).expect("a certificate");
        roots.add(authority).expect("an authority");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let builder = builder.expect("versions").with_root_certificates(roots);
        let config = match brings {
            None => builder.with_no_client_auth(),
            Some(signed) => {
                let chain =
                    CertificateDer::pem_slice_iter(signed.certificate.as_bytes()).collect::<Result<Vec<_>, _>>();
                let key = PrivateKeyDer::from_pem_slice(signed.key.as_bytes()).expect("a key");
                builder
                    .with_client_auth_cert(chain.expect("certificates"), key)
                    .expect("its key")
            }
        };
        let name = ServerName::try_from("localhost").expect("a name");
        let connection = ClientConnection::new(Arc::new(config), name).expect("a client");
        let stream = TcpStream::connect(self.address)?;
        stream.set_read_timeout(Some(Duration::from_secs(20)))?;
        let mut stream = StreamOwned::new(connection, stream);
        stream.write_all(b"GET /health HTTP/1.1\r\nhost: service.example\r\nconnection: close\r\n\r\n")?;
        let mut text = String::new();
        stream.read_to_string(&mut text)?;
        Ok(text)
    }

    /// How many handshakes failed for a reason, once there are as many as are waited for.
    fn failed(&self, reason: &str, wanted: u64) -> u64 {
        let begun = Instant::now();
        loop {
            let counts = self.server.handshakes.list();
            let found = counts.iter().find(|((known, _), _)| known == reason);
            if let Some((_, count)) = found.filter(|(_, count)| *count >= wanted) {
                return *count;
            }
            assert!(begun.elapsed() < Duration::from_secs(20), "{reason}: {counts:?}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.end.store(true, Ordering::SeqCst);
        let ended = self.thread.take().map(std::thread::JoinHandle::join);
        assert!(std::thread::panicking() || ended.is_none_or(|ended| ended.is_ok()));
    }
}

const PATIENCE: Duration = Duration::from_secs(20);

#[test]
fn a_server_is_known_by_its_certificate() {
    let (files, authority, other) = (Files::new(), Authority::new(), Authority::new());
    let tls = files.read(&authority.valid(), None, SystemTime::now()).expect("TLS");
    let served = Served::new(tls, PATIENCE);
    assert!(
        served
            .ask(&authority, None)
            .expect("an answer")
            .starts_with("HTTP/1.1 200")
    );
    // A client's certificate is not asked for.
    let brings = other.valid();
    assert!(
        served
            .ask(&authority, Some(&brings))
            .expect("an answer")
            .starts_with("HTTP/1.1 200")
    );
    assert!(served.ask(&other, None).is_err(), "nobody vouches for it");
    assert_eq!(served.failed("refused_by_client", 1), 1);
    let mut plain = TcpStream::connect(served.address).expect("a connection");
    plain
        .write_all(b"GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n")
        .expect("written");
    let mut answer = Vec::new();
    let _ = plain.read_to_end(&mut answer);
    assert!(!answer.starts_with(b"HTTP"), "{answer:?}");
    assert_eq!(served.failed("no_tls", 1), 1);
}

#[test]
fn clients_without_a_certificate_are_refused_and_counted() {
    let (files, authority, other) = (Files::new(), Authority::new(), Authority::new());
    let tls = files.read(&authority.valid(), Some(&authority.pem), SystemTime::now());
    let served = Served::new(tls.expect("TLS"), PATIENCE);
    let brings = authority.valid();
    assert!(
        served
            .ask(&authority, Some(&brings))
            .expect("an answer")
            .starts_with("HTTP/1.1 200")
    );
    assert!(served.ask(&authority, None).is_err());
    assert_eq!(served.failed("no_certificate", 1), 1);
    assert!(served.ask(&authority, Some(&other.valid())).is_err());
    assert_eq!(served.failed("certificate", 1), 1);
    let old = authority.sign(0, DAY);
    assert!(served.ask(&authority, Some(&old)).is_err());
    assert_eq!(served.failed("expired", 1), 1);
    assert_eq!(served.failed("no_certificate", 1), 1);
}

/// Who says nothing, or half of it, has no longer than for the head of a request.
#[test]
fn handshakes_that_do_not_come_are_ended() {
    let (files, authority) = (Files::new(), Authority::new());
    let tls = files.read(&authority.valid(), None, SystemTime::now()).expect("TLS");
    let served = Served::new(tls, Duration::from_millis(200));
    for begin in [&b""[..], &[22, 3, 1, 2, 0, 1]] {
        let mut stream = TcpStream::connect(served.address).expect("a connection");
        stream.set_read_timeout(Some(PATIENCE)).expect("a socket");
        stream.write_all(begin).expect("written");
        let mut rest = Vec::new();
        let ended = stream.read_to_end(&mut rest);
        let is_open = ended.is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock);
        assert!(!is_open, "it is kept");
    }
    assert_eq!(served.failed("slow", 2), 2);
}
