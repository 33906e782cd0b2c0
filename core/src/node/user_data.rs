//! User data of an instance: what brings a machine to its node, at every boot.

use std::fmt::Write as _;

use thiserror::Error;

use super::mime::{Part, document};
use super::{Cluster, Format, Node, NotConfigured, Volume, server_properties};

/// What AWS takes, before base64.
pub const LIMIT: usize = 16 * 1024;

const CLOUD_CONFIG: &str = include_str!("cloud-config.yaml");
const MACHINE: &str = include_str!("machine.sh");
const BROKER: &str = include_str!("broker.sh");

/// A MIME document that AWS takes. It holds no secrets.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserData(String);

impl UserData {
    /// The document.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why an instance cannot be told what it is.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NotBooted {
    /// There is no configuration.
    #[error(transparent)]
    NotConfigured(#[from] NotConfigured),
    /// AWS does not take it.
    #[error("node {node}: user data are {bytes} bytes and may be {LIMIT}: kafka.properties have to be {} shorter", .bytes - LIMIT)]
    TooLarge {
        /// Whose.
        node: crate::model::BrokerId,
        /// How many.
        bytes: usize,
    },
}

/// Of an instance that is to be this node on this volume.
///
/// # Errors
/// There is no configuration, or it is too long.
pub fn user_data(cluster: &Cluster, node: &Node, volume: &Volume) -> Result<UserData, NotBooted> {
    let properties = server_properties(cluster, node)?;
    let distribution = &cluster.distribution;
    let version = distribution.version.to_string();
    let format = match volume.format {
        Format::Allowed => "allowed",
        Format::Forbidden => "forbidden",
    };
    let id = node.id.to_string();
    let common = [("FORMAT", format), ("VOLUME", volume.id.as_str()), ("VERSION", &version)];
    let machine =
        script(MACHINE, &[&common[..], &[("URL", &distribution.url), ("SHA512", distribution.sha512.as_str())]]);
    let heap = cluster.heap.options();
    let own = [("CLUSTER_ID", cluster.id.as_str()), ("NODE_ID", &id), ("HEAP", &heap), ("PROPERTIES", &properties)];
    let broker = script(BROKER, &[&common[..], &own]);
    let text = document(&[
        Part { name: "cloud-config.yaml", kind: "text/cloud-config", text: CLOUD_CONFIG },
        Part { name: "10-machine.sh", kind: "text/x-shellscript", text: &machine },
        Part { name: "20-broker.sh", kind: "text/x-shellscript", text: &broker },
    ]);
    if text.len() > LIMIT {
        return Err(NotBooted::TooLarge { node: node.id, bytes: text.len() });
    }
    Ok(UserData(text))
}

/// The script with values for what it wants: they come after its first line, which names the shell.
fn script(text: &str, values: &[&[(&str, &str)]]) -> String {
    let (shell, rest) = text.split_once('\n').unwrap_or((text, ""));
    let mut script = format!("{shell}\n");
    for (name, value) in values.iter().copied().flatten() {
        let _ = writeln!(script, "{name}={}", quoted(value));
    }
    script.push_str(rest);
    script
}

/// One word for a shell, whatever is in it.
fn quoted(value: &str) -> String {
    format!("'{}'", value.replace('\'', r"'\''"))
}
