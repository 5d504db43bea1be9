//! `cargo xtask tidy`: the rules of the house that a machine can check. `cargo test` runs it too.

mod rooms;
mod rust;
mod suite;
mod text;

use std::{
    fmt, fs,
    path::{Path, PathBuf},
};

use crate::shell;

/// A rule that is broken.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Fault {
    /// From the repository's root.
    file: String,
    /// From 1; 0 for the file as a whole.
    line: usize,
    what: String,
    /// A warning only.
    is_minor: bool,
}

impl Fault {
    fn new(file: impl Into<String>, line: usize, what: impl Into<String>) -> Self {
        Fault { file: file.into(), line, what: what.into(), is_minor: false }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Fault { file, line, what, .. } = self;
        match line {
            0 => write!(f, "{file}: {what}"),
            _ => write!(f, "{file}:{line}: {what}"),
        }
    }
}

/// Faults that stand for now, by file and a part of what is wrong. This list must shrink: an entry
/// that excuses nothing is a fault itself.
const KNOWN: &[(&str, &str)] = &[
    // A table of bad lines.
    ("crates/tsdbproof-formats/src/import_text/reader/tests.rs", "lines has 73 lines"),
];

/// A text file of the repository.
struct File {
    /// From the root, with `/`.
    path: String,
    text: String,
}

/// Prints the faults. Errors: there are some.
pub(crate) fn run(args: &[String]) -> Result<(), String> {
    if let Some(arg) = args.first() {
        return Err(format!("tidy takes no {arg:?}"));
    }
    let faults = faults()?;
    let (minor, major): (Vec<_>, Vec<_>) = faults.iter().partition(|fault| fault.is_minor);
    minor.iter().for_each(|fault| println!("warning: {fault}"));
    major.iter().for_each(|fault| println!("fault: {fault}"));
    if major.is_empty() { Ok(()) } else { Err(format!("{} rules are broken", major.len())) }
}

fn faults() -> Result<Vec<Fault>, String> {
    let root = shell::root();
    let files = files(&root)?;
    let mut faults = rooms::faults()?;
    faults.extend(files.iter().flat_map(text::faults));
    let is_rust = |file: &&File| file.path.ends_with(".rs");
    faults.extend(files.iter().filter(is_rust).flat_map(rust::faults));
    faults.extend(suite::faults(&files));
    let excuses = |(file, part): &(&str, &str), fault: &Fault| {
        fault.file == *file && fault.what.contains(part)
    };
    let idle = KNOWN.iter().filter(|known| !faults.iter().any(|fault| excuses(known, fault)));
    let idle: Vec<_> = idle
        .map(|(file, part)| {
            Fault::new("xtask/src/tidy/mod.rs", 0, format!("KNOWN excuses nothing: {file}, {part}"))
        })
        .collect();
    faults.retain(|fault| !KNOWN.iter().any(|known| excuses(known, fault)));
    faults.extend(idle);
    faults.sort_unstable();
    Ok(faults)
}

/// Folders whose files are not ours, or are made.
const PASSED_OVER: [&str; 5] = ["target", "node_modules", "pkg", "__pycache__", "runs"];

/// Every text file of the repository, by path.
fn files(root: &Path) -> Result<Vec<File>, String> {
    let mut files = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        let path = root.join(&folder);
        let entries =
            fs::read_dir(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        for entry in entries {
            let entry = entry.map_err(|error| format!("{}: {error}", path.display()))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
            if is_folder && !PASSED_OVER.contains(&name.as_str()) && name != ".git" {
                folders.push(folder.join(name));
            } else if !is_folder && let Ok(text) = fs::read_to_string(entry.path()) {
                let path = folder.join(name).to_string_lossy().replace('\\', "/");
                files.push(File { path, text });
            }
        }
    }
    files.sort_unstable_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_repository_is_tidy() {
        let faults = faults().expect("the repository can be read");
        let major: Vec<_> = faults.iter().filter(|fault| !fault.is_minor).collect();
        let told: Vec<String> = major.iter().map(ToString::to_string).collect();
        assert!(major.is_empty(), "\n{}", told.join("\n"));
    }
}
