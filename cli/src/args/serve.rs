//! What serve is asked for.

use super::local::local;
use super::run::Given;
use clap::Args;
use std::net::SocketAddr;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub struct ServeArgs {
    /// A `.feat` file, a folder that holds one program, or a build
    #[arg(value_name = "PROGRAM")]
    pub program: PathBuf,
    /// The folder of the durable state; made where it is missing
    #[arg(long, value_name = "FOLDER", value_parser = local())]
    pub state: PathBuf,
    /// Read a source as it is written: files that grow, a folder or a glob in which files appear, in the format that the name
    /// says, `-` for standard input, or `kafka:TOPIC` (may be repeated)
    #[arg(long = "source", value_name = "NAME=PATH")]
    pub sources: Vec<String>,
    /// A file with properties of librdkafka: where the brokers are, and what they want to know
    #[arg(long, value_name = "FILE")]
    pub kafka: Option<PathBuf>,
    /// Read the sources that declare a `stream` as it is written
    #[arg(long)]
    pub follow: bool,
    /// Where to listen; port 0 takes any that is free
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:7733")]
    pub listen: SocketAddr,
    /// Pipeline delay instead of the sources' own, for example 5s: answers see arrivals up to the clock less this
    #[arg(long, value_name = "DURATION", allow_hyphen_values = true)]
    pub delay: Option<String>,
    /// How long before the clock questions may be asked; state is kept accordingly
    #[arg(long, value_name = "DURATION", default_value = "1h")]
    pub history: String,
    /// A file with the token that requests have to bring; it or `--tls-client-ca` is needed to listen to more than this machine
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// Serve HTTPS: the server's certificate, and those between it and its authority, as PEM
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,
    /// The private key of that certificate, as PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
    /// Refuse clients without a certificate that one of these authorities has signed; as PEM. Needs no token
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub tls_client_ca: Option<PathBuf>,
    /// Do not keep what was answered
    #[arg(long)]
    pub no_served_log: bool,
    /// Do not keep the rows that were pushed, with their arrivals, once a checkpoint has taken them out of the log
    #[arg(long)]
    pub no_pushed_log: bool,
    /// Let the events of a state go for good that the program does not read
    #[arg(long)]
    pub allow_removed: bool,
    /// Fill what a changed program reads and the state does not have from history: the rows that were pushed to this state, and
    /// where they are not all there, the files that a source declares as its `batch` (rows that the program cannot read any more
    /// need `--fill-from`)
    #[arg(long)]
    pub fill: bool,
    /// As `--fill`, and from these files too, instead of the declared ones (may be repeated)
    #[arg(long, value_name = "NAME=PATH")]
    pub fill_from: Vec<String>,
    /// Serve nothing and change nothing: tell what would become of the state that is there
    #[arg(long)]
    pub dry_run: bool,
    /// The most entities of one request
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub max_entities: u32,
    /// The longest body of a request, in MiB
    #[arg(long, value_name = "MIB", default_value_t = 32, value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub max_body: u32,
    /// The bodies of all requests that are worked on, in MiB; more are refused
    #[arg(long, value_name = "MIB", default_value_t = 256, value_parser = clap::value_parser!(u32).range(1..=1_048_576))]
    pub max_memory: u32,
    /// The most rows of one push
    #[arg(long, value_name = "N", default_value_t = 250_000, value_parser = clap::value_parser!(u32).range(1..=100_000_000))]
    pub max_rows: u32,
    /// Requests that are worked on or wait; more are refused
    #[arg(long, value_name = "N", default_value_t = 256, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub max_requests: u32,
    /// Seconds in which a request has to come, and in which its client has to read of its answer
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=3600))]
    pub max_seconds: u32,
    /// A checkpoint is made after so many MiB of log
    #[arg(long, value_name = "MIB", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=65_536))]
    pub checkpoint_every: u32,
    /// The most events with their summaries in memory after a checkpoint, in MiB; those of other entities are read from its files when they are needed.
    /// All of them unless told
    #[arg(long, value_name = "MIB", value_parser = clap::value_parser!(u32).range(1..=1_048_576))]
    pub state_memory: Option<u32>,
    /// Save each checkpoint in a folder that other machines reach too, or in an object store (`s3://bucket/folder`), and restore the
    /// state from there where `--state` has none. One server at a time owns a backup: the one that began last
    #[arg(long, value_name = "ADDRESS")]
    pub backup: Option<String>,
    /// What a caller in this process gives in place of files
    #[arg(skip)]
    pub given: Given,
}
