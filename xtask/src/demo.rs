//! `cargo xtask demo`: the main job, on archives of a real OpenTSDB that ship in the repository.

use std::{fs, path::Path};

use crate::shell;

/// A command line, and the exit code that it should give.
struct Scene {
    about: &'static str,
    args: &'static [&'static str],
    exit: i32,
}

const BACKUP: &str = "tests/data/opentsdb/main-import.txt";
const RESTORED: &str = "tests/data/opentsdb/restored/restored-import.txt";
const MANIFEST: &str = "target/demo/backup.manifest";

const SCENES: &[Scene] = &[
    Scene {
        about: "Take the fingerprints of a backup: a root over all points, a digest for each hour of each series.",
        args: &["manifest", BACKUP, "-o", MANIFEST],
        exit: 0,
    },
    Scene { about: "What does it hold?", args: &["show", MANIFEST], exit: 0 },
    Scene {
        about: "Later: is the backup still what it was? Exit code 0 says yes.",
        args: &["verify", MANIFEST, BACKUP],
        exit: 0,
    },
    Scene {
        about: "The backup was restored, and the copy is damaged. The manifest alone locates the hours; exit code 1.",
        args: &["verify", MANIFEST, RESTORED],
        exit: 1,
    },
    Scene {
        about: "With both archives at hand, each difference has its points.",
        args: &["diff", BACKUP, RESTORED],
        exit: 1,
    },
];

/// Runs every scene. Errors: a command gave another exit code than it should.
pub(crate) fn run(args: &[String]) -> Result<(), String> {
    if let Some(arg) = args.first() {
        return Err(format!("demo takes no {arg:?}"));
    }
    let binary = shell::build_command()?;
    let folder = shell::root().join("target/demo");
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let wrong: Vec<String> = SCENES.iter().filter_map(|scene| play(scene, &binary).err()).collect();
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
}

fn play(scene: &Scene, binary: &Path) -> Result<(), String> {
    let mut command = shell::command(binary, scene.args);
    let line = shell::line(&command);
    println!("# {}\n$ {line}", scene.about);
    let status = command.status().map_err(|error| format!("`{line}`: {error}"))?;
    println!("[exit code {}]\n", status.code().unwrap_or(-1));
    match status.code() {
        Some(code) if code == scene.exit => Ok(()),
        _ => Err(format!("`{line}` ended with {status}, not with {}", scene.exit)),
    }
}
