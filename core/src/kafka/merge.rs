//! Puts entries into a broker's `server.properties`, and leaves the rest of it as it is.

use std::collections::BTreeMap;

use thiserror::Error;

use super::lines::{ADVERTISED_LISTENERS, Entry, LISTENERS, PROTOCOL_MAP};
use crate::model::ListenerName;

/// Names that Kafka maps by itself as long as the file has no map.
const PROTOCOLS: [&str; 4] = ["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"];
const CONTROLLER_NAMES: &str = "controller.listener.names";

/// Why a file cannot be merged into.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NotMerged {
    /// It says nothing of the listeners that the broker has.
    #[error("the file has no line {LISTENERS}=…: give a broker's whole configuration")]
    NoListeners,
    /// An entry is not `NAME://host:port`.
    #[error("{key}: \"{entry}\" is not NAME://host:port")]
    BadEntry {
        /// In which line.
        key: &'static str,
        /// The entry.
        entry: String,
    },
    /// Two listeners would have one port.
    #[error(
        "listener {listener} has port {port}, which {ours} needs: brokerPort in the object, or the file, has to change"
    )]
    PortTaken {
        /// The listener of the file.
        listener: String,
        /// The port.
        port: u16,
        /// Ours.
        ours: ListenerName,
    },
}

/// The complete file with the entries in it. Merging twice changes nothing more.
///
/// A new listener binds to the host that the broker's own listener binds to.
///
/// # Errors
/// The file does not say which listeners there are, or uses a port that is needed.
pub fn merge(file: &str, entries: &BTreeMap<ListenerName, Entry>) -> Result<String, NotMerged> {
    let lines = logical(file);
    let value = |key: &str| lines.iter().rev().find(|line| line.key == key).map(|line| line.value.clone());
    let listeners = parsed(LISTENERS, &value(LISTENERS).ok_or(NotMerged::NoListeners)?)?;
    let controllers = value(CONTROLLER_NAMES).unwrap_or_default();
    let controllers: Vec<&str> = controllers.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
    let is_controller = |name: &str| controllers.contains(&name);
    let advertised = match value(ADVERTISED_LISTENERS) {
        Some(text) => parsed(ADVERTISED_LISTENERS, &text)?,
        None => listeners.iter().filter(|(name, _)| !is_controller(name)).cloned().collect(),
    };
    let map = value(PROTOCOL_MAP).map_or_else(
        || default_map(&listeners, &controllers),
        |text| list(&text).filter_map(|pair| pair.split_once(':')).map(|(a, b)| (a.to_owned(), b.to_owned())).collect(),
    );

    let (mut listeners, mut advertised, mut map) = (listeners, advertised, map);
    let own =
        listeners.iter().find(|(name, _)| !is_controller(name) && !entries.contains_key(&ListenerName::new(name)));
    let bind = own.and_then(|(_, at)| at.rsplit_once(':')).map_or_else(String::new, |(host, _)| host.to_owned());
    for (name, entry) in entries {
        let taken = listeners.iter().find(|(other, at)| {
            other != name.as_str() && at.rsplit_once(':').is_some_and(|(_, port)| port == entry.port.to_string())
        });
        if let Some((listener, _)) = taken.filter(|(other, _)| !entries.contains_key(&ListenerName::new(other))) {
            return Err(NotMerged::PortTaken { listener: listener.clone(), port: entry.port.0, ours: name.clone() });
        }
        let host = listeners.iter().find(|(other, _)| other == name.as_str());
        let host = host.and_then(|(_, at)| at.rsplit_once(':')).map_or(bind.as_str(), |(host, _)| host);
        let at = format!("{host}:{}", entry.port);
        set(&mut listeners, name, at);
        set(&mut advertised, name, entry.advertised.clone());
        set(&mut map, name, entry.protocol.as_str().to_owned());
    }
    let urls = |list: &[(String, String)]| join(list, "://");
    let wanted =
        [(LISTENERS, urls(&listeners)), (ADVERTISED_LISTENERS, urls(&advertised)), (PROTOCOL_MAP, join(&map, ":"))];
    Ok(rewritten(&lines, &wanted))
}

/// What Kafka assumes without a map, as far as this broker uses it.
fn default_map(listeners: &[(String, String)], controllers: &[&str]) -> Vec<(String, String)> {
    let known = |name: &str| {
        let protocol = PROTOCOLS.iter().find(|protocol| **protocol == name).copied();
        protocol.or_else(|| controllers.contains(&name).then_some("PLAINTEXT"))
    };
    let names = listeners.iter().map(|(name, _)| name.as_str()).chain(controllers.iter().copied());
    let mut map: Vec<(String, String)> = Vec::new();
    for name in names {
        if let (Some(protocol), false) = (known(name), map.iter().any(|(other, _)| other == name)) {
            map.push((name.to_owned(), protocol.to_owned()));
        }
    }
    map
}

fn set(list: &mut Vec<(String, String)>, name: &ListenerName, value: String) {
    match list.iter_mut().find(|(other, _)| other == name.as_str()) {
        Some((_, former)) => *former = value,
        None => list.push((name.to_string(), value)),
    }
}

fn join(list: &[(String, String)], between: &str) -> String {
    list.iter().map(|(name, value)| format!("{name}{between}{value}")).collect::<Vec<_>>().join(",")
}

fn list(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|entry| !entry.is_empty())
}

fn parsed(key: &'static str, text: &str) -> Result<Vec<(String, String)>, NotMerged> {
    let entry = |entry: &str| {
        let (name, at) = entry
            .split_once("://")
            .filter(|(_, at)| at.contains(':'))
            .ok_or_else(|| NotMerged::BadEntry { key, entry: entry.to_owned() })?;
        Ok((name.to_owned(), at.to_owned()))
    };
    list(text).map(entry).collect()
}

/// A line as Java's `Properties` reads it: a backslash at its end joins the next one to it.
struct Logical<'a> {
    /// As it stands in the file, without the last end of line.
    raw: Vec<&'a str>,
    /// Empty in comments and empty lines.
    key: String,
    value: String,
}

fn logical(file: &str) -> Vec<Logical<'_>> {
    let mut lines = Vec::new();
    let mut physical = file.lines();
    while let Some(first) = physical.next() {
        let mut raw = vec![first];
        let trimmed = first.trim_start();
        if trimmed.is_empty() || trimmed.starts_with(['#', '!']) {
            lines.push(Logical { raw, key: String::new(), value: String::new() });
            continue;
        }
        let mut text = trimmed.to_owned();
        while continues(&text) {
            text.pop();
            let Some(next) = physical.next() else { break };
            raw.push(next);
            text.push_str(next.trim_start());
        }
        let (key, value) = key_and_value(&text);
        lines.push(Logical { raw, key, value });
    }
    lines
}

fn continues(text: &str) -> bool {
    text.bytes().rev().take_while(|byte| *byte == b'\\').count() % 2 == 1
}

/// The key ends at the first `=`, `:` or blank that is not escaped.
fn key_and_value(text: &str) -> (String, String) {
    let mut key = String::new();
    let mut rest = text.chars();
    let mut ended_by = None;
    while let Some(letter) = rest.next() {
        match letter {
            '\\' => key.extend(rest.next()),
            '=' | ':' | ' ' | '\t' | '\u{c}' => {
                ended_by = Some(letter);
                break;
            }
            other => key.push(other),
        }
    }
    let blank = [' ', '\t', '\u{c}'];
    let mut value = rest.as_str().trim_start_matches(blank);
    if ended_by.is_some_and(|letter| blank.contains(&letter)) {
        value = value.strip_prefix(['=', ':']).unwrap_or(value).trim_start_matches(blank);
    }
    (key, unescaped(value))
}

fn unescaped(value: &str) -> String {
    let mut text = String::new();
    let mut letters = value.chars();
    while let Some(letter) = letters.next() {
        // Listeners need no \t, \n and \u….
        text.extend(if letter == '\\' { letters.next() } else { Some(letter) });
    }
    text.trim_end().to_owned()
}

/// The last line of a key is the one that counts; keys that are not there come to the end.
fn rewritten(lines: &[Logical<'_>], wanted: &[(&str, String)]) -> String {
    let mut text = String::new();
    for (at, line) in lines.iter().enumerate() {
        let last = lines.iter().rposition(|other| other.key == line.key) == Some(at);
        match wanted.iter().find(|(key, _)| *key == line.key).filter(|_| last) {
            Some((key, value)) if line.value != *value => text.push_str(&format!("{key}={value}\n")),
            _ => line.raw.iter().for_each(|raw| text.push_str(&format!("{raw}\n"))),
        }
    }
    for (key, value) in wanted.iter().filter(|(key, _)| !lines.iter().any(|line| line.key == *key)) {
        text.push_str(&format!("{key}={value}\n"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kafka::SecurityProtocol;
    use crate::model::Port;

    fn entries(list: &[(&str, u16, &str)]) -> BTreeMap<ListenerName, Entry> {
        let entry = |(name, port, advertised): &(&str, u16, &str)| {
            let protocol = SecurityProtocol::Plaintext;
            ((*name).into(), Entry { port: Port(*port), advertised: (*advertised).to_owned(), protocol })
        };
        list.iter().map(entry).collect()
    }

    const EXTERNAL: &[(&str, u16, &str)] = &[("EXTERNAL", 39092, "b1.x:9093")];

    #[track_caller]
    fn merged(file: &str, wanted: &str) {
        let entries = entries(EXTERNAL);
        let first = merge(file, &entries).expect("it can be merged");
        assert_eq!(first, wanted);
        assert_eq!(merge(&first, &entries).expect("it can be merged again"), wanted);
    }

    #[test]
    fn the_guides_file() {
        merged(
            "# the guide's\nnode.id=1\nlisteners=INTERNAL://10.0.0.4:9092,CONTROLLER://10.0.0.4:29092\n\
             advertised.listeners=INTERNAL://10.0.0.4:9092\ncontroller.listener.names=CONTROLLER\n\
             listener.security.protocol.map=CONTROLLER:PLAINTEXT,INTERNAL:PLAINTEXT\nlog.dirs=/data\n",
            "# the guide's\nnode.id=1\n\
             listeners=INTERNAL://10.0.0.4:9092,CONTROLLER://10.0.0.4:29092,EXTERNAL://10.0.0.4:39092\n\
             advertised.listeners=INTERNAL://10.0.0.4:9092,EXTERNAL://b1.x:9093\ncontroller.listener.names=CONTROLLER\n\
             listener.security.protocol.map=CONTROLLER:PLAINTEXT,INTERNAL:PLAINTEXT,EXTERNAL:PLAINTEXT\nlog.dirs=/data\n",
        );
    }

    #[test]
    fn an_entry_of_ours_is_replaced_and_keeps_its_bind_address() {
        merged(
            "listeners=INTERNAL://:9092,EXTERNAL://10.0.0.5:39000\nadvertised.listeners=EXTERNAL://old:1,INTERNAL://h:9092\n\
             listener.security.protocol.map=INTERNAL:SSL,EXTERNAL:SSL\n",
            "listeners=INTERNAL://:9092,EXTERNAL://10.0.0.5:39092\n\
             advertised.listeners=EXTERNAL://b1.x:9093,INTERNAL://h:9092\n\
             listener.security.protocol.map=INTERNAL:SSL,EXTERNAL:PLAINTEXT\n",
        );
    }

    #[test]
    fn what_kafka_assumes_is_written_down_where_it_no_longer_would() {
        merged(
            "controller.listener.names=CONTROLLER\nlisteners=PLAINTEXT://h:9092,CONTROLLER://h:9093",
            "controller.listener.names=CONTROLLER\n\
             listeners=PLAINTEXT://h:9092,CONTROLLER://h:9093,EXTERNAL://h:39092\n\
             advertised.listeners=PLAINTEXT://h:9092,EXTERNAL://b1.x:9093\n\
             listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,EXTERNAL:PLAINTEXT\n",
        );
    }

    #[test]
    fn java_reads_the_last_of_two_and_joins_lines() {
        merged(
            "listeners=OLD://a:1\nlisteners : INTERNAL://h:9092, \\\n    SECOND://h:9094\nx\\=y=1\n\
             listener.security.protocol.map INTERNAL:SSL,SECOND:SSL\n",
            "listeners=OLD://a:1\nlisteners=INTERNAL://h:9092,SECOND://h:9094,EXTERNAL://h:39092\nx\\=y=1\n\
             listener.security.protocol.map=INTERNAL:SSL,SECOND:SSL,EXTERNAL:PLAINTEXT\n\
             advertised.listeners=INTERNAL://h:9092,SECOND://h:9094,EXTERNAL://b1.x:9093\n",
        );
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let refused = |file: &str| merge(file, &entries(EXTERNAL)).expect_err("it is refused").to_string();
        assert!(refused("node.id=1\n").contains("no line listeners"));
        assert!(refused("listeners=INTERNAL\n").contains("\"INTERNAL\" is not NAME://host:port"));
        assert!(refused("listeners=INTERNAL://h:39092\n").contains("INTERNAL has port 39092, which EXTERNAL needs"));
    }
}
