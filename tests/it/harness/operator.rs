//! The operator as a process.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use aws_sdk_ec2::config::Credentials;

use super::{bed, http, patience};

/// The program.
pub fn binary() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_kafka-privatelink"))
}

/// A running operator; ends with this value, or with the thread that started it.
#[derive(Debug)]
pub struct Operator {
    process: Child,
    log: PathBuf,
    /// Tells its AWS calls from everybody else's.
    pub key: String,
}

/// Variables of the environment that differ from the usual ones.
pub type Environment = BTreeMap<&'static str, OsString>;

/// How fast delays pass.
const TIME_SCALE: &str = "60";

impl Operator {
    /// Starts one for a namespace.
    pub fn start(
        cluster_id: &str,
        namespace: &str,
        credentials: &Credentials,
        environment: &Environment,
        more: &[&str],
    ) -> Self {
        static STARTED: AtomicUsize = AtomicUsize::new(0);
        let number = STARTED.fetch_add(1, Ordering::Relaxed);
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let log = folder.join(format!("operator-{}-{namespace}-{number}.log", std::process::id()));
        let file = File::create(&log).expect("a log file");
        let mut command = with_credentials(credentials);
        let defaults = [
            ("--log-level", "info,kafka_privatelink=debug"),
            ("--resync", "60s"),
            ("--full-resync", "3m"),
            ("--time-scale", TIME_SCALE),
            // AWS's pace would be that of every test, and is that of one.
            ("--aws-rate-limits", "off"),
            // Most tests have one operator, and some kill it: nobody waits for the lease of the dead.
            ("--leader-election", "disabled"),
            // The one that its role names.
            ("--lease-name", "kafka-privatelink-operator"),
        ];
        command.envs(environment);
        command.args(["run", "--cluster-id", cluster_id, "--watch-namespace", namespace]);
        command.args(["--admin-address", "127.0.0.1:0", "--log-format", "text"]);
        for (flag, value) in defaults {
            if !more.contains(&flag) {
                command.args([flag, value]);
            }
        }
        command.args(more);
        let errors = file.try_clone().expect("a second handle");
        let process = command.stdin(Stdio::null()).stdout(file).stderr(errors).spawn().expect("the operator starts");
        Self { process, log, key: credentials.access_key_id().to_owned() }
    }

    /// What it logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Asks its admin server.
    pub async fn admin(&self, method: &str, path: &str, body: Option<&str>) -> (u16, String) {
        let address = patience::until(async || {
            let log = self.log();
            let said = log.split_once("admin_address=").and_then(|(_, rest)| rest.split_whitespace().next());
            said.map(str::to_owned).ok_or_else(|| "it has not said where it listens".to_owned())
        });
        http::request(&address.await.expect("it listens"), method, path, body.map(str::to_owned)).await
    }

    /// Passes that could not be ended, but for those that somebody else's write got in the way of.
    pub fn failed_passes(&self) -> Vec<String> {
        let failed =
            |line: &&str| line.contains("the pass failed") && !line.contains("onflict") || line.contains("forbidden");
        self.log().lines().filter(|line| failed(line) || line.contains("panicked")).map(str::to_owned).collect()
    }

    /// Holds it still while the world changes in several steps that it is to see as one.
    pub fn paused(&self) -> Paused {
        signal(self.process.id(), "STOP");
        Paused(self.process.id())
    }

    /// Kills it in the middle of whatever it does.
    pub fn kill(&mut self) {
        self.process.kill().expect("it runs");
        self.process.wait().expect("it is our child");
    }

    /// Waits until it has ended by itself.
    pub async fn ended(&mut self) -> ExitStatus {
        let ended = patience::until(async || {
            let ended = self.process.try_wait().expect("it is our child");
            ended.ok_or_else(|| "it runs".to_owned())
        });
        ended.await.expect("it ends by itself")
    }

    /// Asks it to end, and waits.
    pub fn stop(&mut self) -> ExitStatus {
        signal(self.process.id(), "TERM");
        self.process.wait().expect("it is our child")
    }

    /// The end of its log.
    pub fn tail(&self) -> String {
        let log = self.log();
        let lines: Vec<&str> = log.lines().filter(|line| !line.contains(" read operation=")).collect();
        let tail = lines[lines.len().saturating_sub(60)..].join("\n");
        format!("--- {} ---\n{tail}\n", self.log.display())
    }
}

/// An operator that stands still as long as this lives.
#[derive(Debug)]
#[must_use]
pub struct Paused(u32);

impl Drop for Paused {
    fn drop(&mut self) {
        signal(self.0, "CONT");
    }
}

fn signal(process: u32, name: &str) {
    let sent = Command::new("kill").args([format!("-{name}"), process.to_string()]).status();
    assert!(sent.expect("kill runs").success(), "it runs");
}

impl Drop for Operator {
    fn drop(&mut self) {
        let _ = self.process.kill(); // has ended already, perhaps
        let _ = self.process.wait();
        if std::thread::panicking() {
            eprintln!("{}", self.tail());
        } else {
            let _ = std::fs::remove_file(&self.log);
        }
    }
}

/// The program with credentials; the kernel ends it with the thread that starts it.
pub fn with_credentials(credentials: &Credentials) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL"]).arg(binary());
    for name in ["AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION"] {
        command.env_remove(name);
    }
    command.env("AWS_ENDPOINT_URL", &bed().aws).env("KUBECONFIG", &bed().kubeconfig);
    command.env("AWS_EC2_METADATA_DISABLED", "true").env("NO_COLOR", "1");
    command.env("AWS_ACCESS_KEY_ID", credentials.access_key_id());
    command.env("AWS_SECRET_ACCESS_KEY", credentials.secret_access_key());
    command.env("AWS_SESSION_TOKEN", credentials.session_token().unwrap_or_default());
    command
}
