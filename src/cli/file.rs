//! Objects out of a file.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use kpl_core::api::{KIND, KafkaPrivateLink, full_name};
use kpl_core::desired::{Intent, InvalidSpec};
use serde_json::Value;
use thiserror::Error;

/// The file name that means stdin.
const STDIN: &str = "-";

/// A file cannot be used.
#[derive(Debug, Error)]
pub(super) enum BadFile {
    #[error("{0} cannot be read")]
    Read(PathBuf, #[source] io::Error),
    #[error("{0} is not YAML")]
    Yaml(PathBuf, #[source] Box<serde_saphyr::Error>),
    #[error("{0} holds no {KIND}")]
    Nothing(PathBuf),
    #[error("{0} holds several objects: give one")]
    Several(PathBuf),
    #[error("{0}")]
    Spec(String, #[source] InvalidSpec),
    #[error("{file}: an object cannot be read")]
    Object { file: PathBuf, source: serde_json::Error },
}

/// The text of a file, or stdin.
///
/// # Errors
/// It cannot be read.
pub(super) fn text(file: &Path) -> Result<String, BadFile> {
    let read = || -> io::Result<String> {
        if file == Path::new(STDIN) {
            let mut text = String::new();
            io::stdin().read_to_string(&mut text).map(|_| text)
        } else {
            std::fs::read_to_string(file)
        }
    };
    read().map_err(|error| BadFile::Read(file.to_owned(), error))
}

/// Every one of our kind in a file of YAML or JSON; other kinds are passed over.
///
/// # Errors
/// It cannot be read, or holds none.
pub(super) fn objects(file: &Path) -> Result<Vec<KafkaPrivateLink>, BadFile> {
    let text = text(file)?;
    let documents: Vec<Value> =
        serde_saphyr::from_multiple(&text).map_err(|error| BadFile::Yaml(file.to_owned(), Box::new(error)))?;
    let ours = documents.into_iter().filter(|document| document["kind"] == KIND);
    let objects: Vec<KafkaPrivateLink> = ours
        .map(serde_json::from_value)
        .collect::<Result<_, _>>()
        .map_err(|source| BadFile::Object { file: file.to_owned(), source })?;
    if objects.is_empty() { Err(BadFile::Nothing(file.to_owned())) } else { Ok(objects) }
}

/// An object of a file, and what its spec says.
pub(super) struct Offered {
    /// `namespace/name`, or the name alone where the file says no namespace.
    pub(super) name: String,
    pub(super) object: KafkaPrivateLink,
    pub(super) intent: Intent,
}

/// The only one of our kind in a file.
///
/// # Errors
/// It cannot be read, holds none or more than one, or the spec is not one of this version.
pub(super) fn offered(file: &Path) -> Result<Offered, BadFile> {
    let mut objects = objects(file)?;
    let (Some(object), true) = (objects.pop(), objects.is_empty()) else {
        return Err(BadFile::Several(file.to_owned()));
    };
    let name = full_name(&object);
    match Intent::parse(&object.spec) {
        Ok(intent) => Ok(Offered { name, object, intent }),
        Err(error) => Err(BadFile::Spec(name, error)),
    }
}
