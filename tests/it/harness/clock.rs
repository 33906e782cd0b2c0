//! A wall clock that operators take for the right one.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::Scene;

/// The clock of a scene's operators.
#[derive(Debug)]
pub struct Clock {
    offset: PathBuf,
}

impl Clock {
    /// Compiles what stands between the operator and the clock; it runs two hours fast, so that the API
    /// server's certificate is valid also after it went back.
    pub fn of_operators_of(scene: &mut Scene, offset: i64) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let name = |what: &str| folder.join(format!("{}.{what}", scene.namespace));
        let (library, file) = (name("clock.so"), name("clock"));
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/harness/clock.c");
        let compiled =
            Command::new("cc").args(["-shared", "-fPIC", "-o"]).arg(&library).arg(source).arg("-ldl").status();
        assert!(compiled.expect("cc runs").success());
        let clock = Self { offset: file.clone() };
        clock.jump_to(offset);
        scene.environment.insert("LD_PRELOAD", library.into());
        scene.environment.insert("KPL_CLOCK_OFFSET", file.into());
        clock
    }

    /// From now on the clock is off by so many seconds.
    pub fn jump_to(&self, offset: i64) {
        // A rename, so that no reader finds half a number.
        let part = self.offset.with_extension("part");
        std::fs::write(&part, offset.to_string()).expect("the clock can be set");
        std::fs::rename(&part, &self.offset).expect("the clock can be set");
    }
}
