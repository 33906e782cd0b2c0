//! The command line.

mod cluster;
mod confirm;
mod diagram;
mod doctor;
mod duration;
mod file;
mod gate;
mod handover;
mod iam;
mod object;
mod operate;
mod preview;
mod reach;
mod render;
mod status;
mod study;
mod table;
mod tag;

use std::future::Future;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use clap_complete::Shell;
use thiserror::Error;

use crate::aws::Terms;
use crate::cloud::Clouds;
use crate::runtime::chain;

/// By this name kubectl finds its plug-in.
const PLUG_IN: &str = "kubectl-privatelink";

/// Offers Kafka clusters over AWS PrivateLink as one Kubernetes object each.
///
/// Found on PATH as `kubectl-privatelink`, it is kubectl's plug-in `kubectl privatelink`.
#[derive(Debug, Parser)]
#[command(name = "kafka-privatelink", version, propagate_version = true, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the operator.
    Run(operate::Arguments),
    /// Show what would be done in AWS for an object, wave by wave. Writes nothing.
    ///
    /// Exit status: 0 nothing to do, 2 something to do, 1 an error.
    Plan(preview::Arguments),
    /// Check everything at once, AWS and Kafka, and say what to do about what is wrong. Writes nothing.
    ///
    /// Exit status: 0 all is well, 2 something is not, 1 an error.
    Doctor(doctor::Arguments),
    /// Ask Kafka whether it can spare one broker now: before a broker is stopped by hand. Writes nothing.
    ///
    /// Exit status: 0 it may be stopped, 2 not now, 1 Kafka could not be asked.
    Gate(gate::Arguments),
    /// Show what an object has come to: service, ports, connections, and the conditions that need a look.
    Status(status::Arguments),
    /// Answer the question that an object asks before much goes: shows what, and asks again.
    Confirm(confirm::Arguments),
    /// Write the sheet for a consumer: service name, zones, ports, and what to paste where.
    Handover(handover::Arguments),
    /// Draw what an object offers, from its consumers to its brokers, as SVG or Mermaid. Needs no cluster.
    Diagram(diagram::Arguments),
    /// Write what brokers have to advertise: entries for their configuration, or for Strimzi. Needs no cluster.
    Render(render::Arguments),
    /// Print the CRD, for `kubectl apply --server-side -f -`.
    Crd,
    /// Print the IAM policy for the operator's role, as JSON.
    IamPolicy(iam::Arguments),
    /// Print the version.
    Version,
    /// Print completions for a shell.
    Completions {
        /// The shell.
        shell: Shell,
    },
}

/// Errors that end a command before it has one of its own.
#[derive(Debug, Error)]
enum Failed {
    #[error("the async runtime cannot be started")]
    Runtime(#[source] io::Error),
    #[error("the CRD cannot be written as YAML")]
    Crd(#[source] serde_saphyr::ser::Error),
    #[error("stdout cannot be written to")]
    Output(#[source] io::Error),
    #[error(transparent)]
    Run(#[from] operate::Failed),
    #[error(transparent)]
    Plan(#[from] preview::Failed),
    #[error(transparent)]
    Doctor(#[from] doctor::Failed),
    #[error(transparent)]
    Gate(#[from] gate::Failed),
    #[error(transparent)]
    Status(#[from] status::Failed),
    #[error(transparent)]
    Confirm(#[from] confirm::Failed),
    #[error(transparent)]
    Handover(#[from] handover::Failed),
    #[error(transparent)]
    Diagram(#[from] diagram::Failed),
    #[error(transparent)]
    Render(#[from] render::Failed),
    #[error(transparent)]
    Policy(#[from] iam::TooLong),
}

/// Runs what the command line of this process says; `clouds` is asked only by commands that need AWS.
pub(crate) fn run<C: Clouds, F: Future<Output = C>>(clouds: impl FnOnce(Terms) -> F) -> ExitCode {
    // Wrong flags end the process here, with status 2 and clap's words.
    match execute(parsed().command, clouds) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("kafka-privatelink: {}", chain(&error));
            ExitCode::FAILURE
        }
    }
}

/// The arguments, by the name that the program was called by.
fn parsed() -> Arguments {
    let called = std::env::args_os().next().map(PathBuf::from);
    let plug_in = called.as_deref().and_then(Path::file_stem).is_some_and(|name| name == PLUG_IN);
    let command = Arguments::command();
    let command = if plug_in { command.bin_name("kubectl privatelink") } else { command };
    Arguments::from_arg_matches(&command.get_matches()).unwrap_or_else(|error| error.exit())
}

fn execute<C: Clouds, F: Future<Output = C>>(
    command: Command,
    clouds: impl FnOnce(Terms) -> F,
) -> Result<ExitCode, Failed> {
    match command {
        Command::Run(arguments) => {
            let runtime = runtime()?;
            let ended = runtime.block_on(async { operate::run(arguments, clouds).await });
            // What still waits for an answer does not hold up a process that leads no more.
            runtime.shutdown_background();
            ended?;
        }
        Command::Plan(arguments) => {
            return Ok(runtime()?.block_on(async { preview::run(arguments, clouds(Terms::alone()).await).await })?);
        }
        Command::Doctor(arguments) => {
            return Ok(runtime()?.block_on(async { doctor::run(arguments, clouds(Terms::alone()).await).await })?);
        }
        Command::Gate(arguments) => {
            return Ok(runtime()?.block_on(async { gate::run(arguments, clouds(Terms::alone()).await).await })?);
        }
        Command::Status(arguments) => runtime()?.block_on(status::run(arguments))?,
        Command::Confirm(arguments) => runtime()?.block_on(confirm::run(arguments))?,
        Command::Handover(arguments) => runtime()?.block_on(handover::run(arguments))?,
        Command::Diagram(arguments) => diagram::run(&arguments)?,
        Command::Render(arguments) => render::run(&arguments)?,
        Command::Crd => print(&crd()?)?,
        Command::IamPolicy(arguments) => print(&arguments.policy()?)?,
        Command::Version => print(&format!("kafka-privatelink {}\n", env!("CARGO_PKG_VERSION")))?,
        Command::Completions { shell } => {
            let mut text = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), "kafka-privatelink", &mut text);
            io::stdout().write_all(&text).map_err(Failed::Output)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn runtime() -> Result<tokio::runtime::Runtime, Failed> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(Failed::Runtime)
}

fn crd() -> Result<String, Failed> {
    serde_saphyr::to_string(&kpl_core::api::crd()).map_err(Failed::Crd)
}

/// Not `print!`: it panics when the reader has gone.
fn print(text: &str) -> Result<(), Failed> {
    io::stdout().write_all(text.as_bytes()).map_err(Failed::Output)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_are_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn every_flag_is_an_environment_variable() {
        let command = Arguments::command();
        let run = command.find_subcommand("run").expect("run");
        for flag in run.get_arguments().filter(|flag| !["help", "version"].contains(&flag.get_id().as_str())) {
            let long = flag.get_long().expect("a long name");
            let name = format!("KPL_{}", long.to_uppercase().replace('-', "_"));
            assert_eq!(flag.get_env().and_then(|env| env.to_str()), Some(name.as_str()));
        }
    }

    #[test]
    fn the_crd_that_is_printed_is_the_one_in_the_repository() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/crds/kafkaprivatelinks.yaml");
        let file = std::fs::read_to_string(path).expect("the CRD");
        assert!(crd().expect("YAML") == file, "crds/kafkaprivatelinks.yaml is old: run `make generate`");
    }

    #[test]
    fn completions_name_the_commands() {
        let mut text = Vec::new();
        clap_complete::generate(Shell::Bash, &mut Arguments::command(), "kafka-privatelink", &mut text);
        assert!(String::from_utf8_lossy(&text).contains("completions"));
    }
}
