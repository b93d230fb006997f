//! `featc serve`: features over HTTP, from durable state.

mod dry_run;
mod fill;
mod followed;

use crate::args::ServeArgs;
use crate::errors;
use crate::provenance::of_services;
use crate::report::{Refused, Reporter};
use crate::state::{compiled, duration};
use featc_ir::Program;
use featr::lake::{LakeStore, ObjectFolder};
use featr::{LogStats, Truth};
use featr_follow::Followed;
use featr_online::{Backup, Clock as _, Folder, Opened, Options, Runtime, SystemClock};
pub use featr_serve::End;
use featr_serve::{Config, Limits, Listener, ServeError, Tls, TlsFile, TlsFiles};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// So long an end waits for a reader of a source that is at work.
const PATIENCE: Duration = Duration::from_secs(1);

pub fn run(args: &ServeArgs, reporter: &Reporter) -> Result<(), Refused> {
    if args.dry_run {
        let (_, mut program) = compiled((&args.program, &args.given), &args.sources, reporter)?;
        check_services(&program, reporter)?;
        let fill = fill::of(args, &mut program, reporter)?;
        return dry_run::run(&program, (args, fill.as_ref()), reporter);
    }
    let ready = begin(args, End::Signals, reporter)?;
    let (mut text, mut value) = ready.told();
    if ready.is_empty() {
        text.push_str(
            "\nit has no rows yet, and the `batch` files are not read: rows come by push, by `--source NAME=PATH` or `--follow`",
        );
    }
    let unfed = ready.unfed_tables();
    for table in &unfed {
        text.push_str(&format!(
            "\ntable `{table}` has no rows yet, and its `batch` files are not read: what is looked up there is null until rows are \
             pushed, or come by `--source {table}=PATH`"
        ));
    }
    if !unfed.is_empty() {
        value["tables_without_rows"] = unfed.into();
    }
    ready.run(|| reporter.result(&text, &value), reporter)
}

/// A server that has its address and its state, and takes no requests yet.
#[derive(Debug)]
pub struct Ready {
    listener: Listener,
    runtime: Runtime,
    config: Config,
    folder: String,
    opened: Opened,
    /// The backup that the state was restored from, if it was.
    restored: Option<String>,
    followed: Vec<Followed>,
}

/// Takes address and state.
///
/// # Errors
/// Either cannot be had, or an argument is refused, which has been told.
pub fn begin(args: &ServeArgs, end: End, reporter: &Reporter) -> Result<Ready, Refused> {
    let (ir, mut program) = compiled((&args.program, &args.given), &args.sources, reporter)?;
    check_services(&program, reporter)?;
    let mut options = options(args, &ir, reporter)?;
    options.fill = fill::of(args, &mut program, reporter)?;
    let token = token(args, reporter)?;
    let tls = tls(args, reporter)?;
    let followed = followed::of(args, &program, reporter)?;
    let limits = limits(args, reporter)?;
    let objects = objects(args, reporter)?;
    // Before the state is opened: that takes time, and leaves a trace.
    featr_follow::raise_limit();
    let listener = Listener::bind(args.listen);
    let listener = listener.or_else(|error| {
        let (listen, why) = (args.listen.to_string(), featr::plain(&error));
        let help = "end what listens there, or choose another port";
        reporter.refuse(errors::argument("--listen", &listen, &why, help))
    })?;
    let folder = args.state.display().to_string();
    if args.state.is_file() {
        let help = "name a folder: it is made where it is missing";
        return reporter.refuse(errors::argument("--state", &folder, "is a file", help));
    }
    let disk = Folder::take(&args.state);
    let disk = disk.or_else(|error| reporter.refuse(errors::unwritable(&folder, &featr::plain(&error))))?;
    let Some(disk) = disk else {
        return reporter.refuse(errors::busy_state(&folder));
    };
    let restored = match objects {
        Some(objects) => backup(objects, &disk, &mut options, reporter)?,
        None => false,
    };
    let restored = args.backup.clone().filter(|_| restored);
    let may_fill = options.fill.is_some();
    let opened = Runtime::open(program, Arc::new(disk), Arc::new(SystemClock), options);
    let (runtime, opened) = opened.or_else(|error| reporter.refuse(errors::state(&error)))?;
    if may_fill && opened.filled.is_empty() {
        reporter.note("nothing had to be filled: the state has all that the program reads");
    }
    Ok(Ready {
        listener,
        runtime,
        config: Config {
            token,
            tls,
            limits,
            end,
        },
        folder,
        opened,
        restored,
        followed,
    })
}

/// The folder of objects that is to be the backup, if there is to be one.
fn objects(args: &ServeArgs, reporter: &Reporter) -> Result<Option<Arc<ObjectFolder>>, Refused> {
    let folder = args.backup.as_ref().map(|address| LakeStore::new().folder(address));
    let folder = folder.transpose();
    let folder = folder.or_else(|error| reporter.refuse(errors::run(&error.into(), None)))?;
    Ok(folder.map(Arc::new))
}

/// Prepares the backup of the state; tells whether the state was restored from it.
fn backup(
    objects: Arc<ObjectFolder>,
    disk: &Folder,
    options: &mut Options,
    reporter: &Reporter,
) -> Result<bool, Refused> {
    let prepared = Backup::prepare(objects, disk);
    let (backup, restored) = prepared.or_else(|error| reporter.refuse(errors::state(&error)))?;
    options.backup = Some(Arc::new(backup));
    Ok(restored.is_some())
}

impl Ready {
    /// Whether there are no rows, and no source is followed that brings some.
    fn is_empty(&self) -> bool {
        let opened = &self.opened;
        opened.checkpoint == 0 && opened.replayed == 0 && opened.filled.is_empty() && self.followed.is_empty()
    }

    /// Tables with versions that no row came to, and that no reader brings some.
    fn unfed_tables(&self) -> Vec<String> {
        let logs = self.runtime.stats();
        let is_unfed = |table: &str| {
            let is_followed = self.followed.iter().any(|followed| followed.source == table);
            let has_rows = |log: &LogStats| log.name.source == table && log.entities + log.waiting > 0;
            !is_followed && !logs.iter().any(has_rows)
        };
        let tables = self.runtime.program().tables().into_iter();
        let tables = tables.filter(|table| table.versions.is_some() && is_unfed(&table.name));
        tables.map(|table| table.name).collect()
    }

    /// What is told of it, for people and for machines.
    pub fn told(&self) -> (String, serde_json::Value) {
        let Opened {
            epoch,
            checkpoint,
            replayed,
            filled,
        } = &self.opened;
        let (address, folder) = (self.listener.address(), &self.folder);
        let scheme = if self.config.tls.is_some() { "https" } else { "http" };
        let filled: Vec<String> = filled.iter().flat_map(fill::told).collect();
        let mut text = format!(
            "serving {scheme}://{address} from `{folder}`: checkpoint {checkpoint}, {replayed} rows of log after it"
        );
        if let Some(address) = &self.restored {
            text.push_str(&format!(
                "\nrestored from `{address}`: what was pushed after its last checkpoint is not there"
            ));
        }
        filled
            .iter()
            .for_each(|line| text.push_str(&format!("\nfilled: {line}")));
        let value = serde_json::json!({
            "listening": address.to_string(), "url": format!("{scheme}://{address}"), "state": folder, "program": self.runtime.program().hash(),
            "epoch": epoch, "checkpoint": checkpoint, "replayed": replayed, "filled": filled, "restored_from": self.restored,
        });
        (text, value)
    }

    /// Takes requests until it is told to end; `ready` is called when it begins.
    ///
    /// # Errors
    /// It did not end in order, which has been told.
    pub fn run(self, ready: impl FnOnce(), reporter: &Reporter) -> Result<(), Refused> {
        let followers = featr_follow::follow(&self.runtime, self.followed);
        let followers = followers.or_else(|error| reporter.refuse(errors::ended(&ServeError::System(error))))?;
        let served = self.listener.run(self.runtime, self.config, ready);
        followers.join(PATIENCE);
        served.or_else(|error| reporter.refuse(errors::ended(&error)))
    }
}

/// Refuses a program of which no service can be asked, and tells those that cannot.
fn check_services(program: &featr::Program, reporter: &Reporter) -> Result<(), Refused> {
    let services: Vec<&str> = program.services().collect();
    let without_arrival = |service: &&str| {
        let seen_early = program.seen_early(service, Truth::Complete).ok()?;
        Some(((*service).to_owned(), seen_early.without_arrival.into_iter().next()?))
    };
    let refused: Vec<(String, String)> = services.iter().filter_map(without_arrival).collect();
    if let Some((_, source)) = refused.first().filter(|_| refused.len() == services.len()) {
        return reporter.refuse(errors::unservable(source));
    }
    for (service, source) in refused {
        reporter.note(&format!(
            "service `{service}` cannot be asked: source `{source}` has no arrival"
        ));
    }
    Ok(())
}

fn options(args: &ServeArgs, ir: &Program, reporter: &Reporter) -> Result<Options, Refused> {
    Ok(Options {
        delay_us: args
            .delay
            .as_deref()
            .map(|text| duration("--delay", text, reporter))
            .transpose()?,
        history_us: duration("--history", &args.history, reporter)?,
        served_log: !args.no_served_log,
        pushed_log: !args.no_pushed_log,
        fingerprints: of_services(ir),
        keep_unread: !args.allow_removed,
        checkpoint_bytes: u64::from(args.checkpoint_every) << 20,
        memory_max: args.state_memory.map(|mib| u64::from(mib) << 20),
        ..Options::default()
    })
}

fn limits(args: &ServeArgs, reporter: &Reporter) -> Result<Limits, Refused> {
    if args.max_memory < args.max_body {
        let why = format!("a body may have {} MiB", args.max_body);
        let help = "pass at least as much, or a smaller `--max-body`";
        return reporter.refuse(errors::argument(
            "--max-memory",
            &args.max_memory.to_string(),
            &why,
            help,
        ));
    }
    Ok(Limits {
        body_bytes: (args.max_body as usize) << 20,
        memory_bytes: (args.max_memory as usize) << 20,
        rows: args.max_rows as usize,
        entities: args.max_entities as usize,
        requests: args.max_requests as usize,
        request_time: Duration::from_secs(u64::from(args.max_seconds)),
        ..Limits::default()
    })
}

/// How connections are encrypted, if they are.
fn tls(args: &ServeArgs, reporter: &Reporter) -> Result<Option<Tls>, Refused> {
    let (Some(certificate), Some(key)) = (&args.tls_cert, &args.tls_key) else {
        return Ok(None);
    };
    let files = TlsFiles {
        certificate,
        key,
        client_ca: args.tls_client_ca.as_deref(),
    };
    let now_us = u64::try_from(SystemClock.now_us()).unwrap_or(0);
    let tls = Tls::read(files, SystemTime::UNIX_EPOCH + Duration::from_micros(now_us));
    tls.map(Some).or_else(|problem| {
        let (option, path) = match problem.file {
            TlsFile::Certificate => ("--tls-cert", Some(certificate)),
            TlsFile::Key => ("--tls-key", Some(key)),
            TlsFile::ClientCa => ("--tls-client-ca", args.tls_client_ca.as_ref()),
        };
        let name = path.map(|path| path.display().to_string()).unwrap_or_default();
        reporter.refuse(errors::argument(option, &name, &problem.why, problem.help))
    })
}

/// The token; there must be one where others than this machine can ask.
fn token(args: &ServeArgs, reporter: &Reporter) -> Result<Option<String>, Refused> {
    let Some(path) = &args.token_file else {
        if args.listen.ip().is_loopback() || args.tls_client_ca.is_some() {
            return Ok(None);
        }
        let help = "pass `--token-file FILE` or `--tls-client-ca FILE`, or listen on 127.0.0.1";
        let why = "others could ask and push without a token or a certificate";
        return reporter.refuse(errors::argument("--listen", &args.listen.to_string(), why, help));
    };
    let name = path.display().to_string();
    let help = "write a token of visible ASCII characters into the file, at least 16 of them";
    match std::fs::read_to_string(path) {
        Ok(text) if text.trim().len() >= 16 && text.trim().bytes().all(|byte| byte.is_ascii_graphic()) => {
            Ok(Some(text.trim().to_owned()))
        }
        Ok(_) => reporter.refuse(errors::argument("--token-file", &name, "it holds no token", help)),
        Err(error) => reporter.refuse(errors::argument("--token-file", &name, &featr::plain(&error), help)),
    }
}
