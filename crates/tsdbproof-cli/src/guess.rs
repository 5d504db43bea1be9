//! What may be meant by a name that is none.

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
};

use strsim::{jaro, osa_distance};
use tsdbproof::Error;
use tsdbproof_sources::name_of;

/// From here on one name looks like another; a little more than clap asks of flags.
const LOOKS_LIKE: f64 = 0.72;
/// Files of a folder that are looked at.
const MOST_FILES: usize = 10_000;

/// The name among `known` that looks most like this one.
pub(crate) fn nearest<'a, T: AsRef<str>>(
    name: &str,
    known: impl IntoIterator<Item = &'a T>,
) -> Option<&'a T> {
    let likeness = known.into_iter().map(|it| (jaro(name, it.as_ref()), it));
    let alike = likeness.filter(|(likeness, _)| *likeness > LOOKS_LIKE);
    alike.max_by(|(a, _), (b, _)| a.total_cmp(b)).map(|(_, name)| name)
}

/// The same error; if it says that one of these names leads nowhere, and a name beside it reads
/// nearly the same, with that one as help.
pub(crate) fn with_sibling(error: Error, names: &[OsString]) -> Error {
    let text = error.to_string();
    let said = |path: &Path| text.starts_with(&format!("{}: no such file", name_of(path)));
    let mut missing = names.iter().map(Path::new).filter(|path| said(path));
    match missing.find_map(|path| sibling(path).map(|sibling| (path, sibling))) {
        Some((path, sibling)) => Error::new(error.kind(), "no such file")
            .in_file(name_of(path))
            .help(format!("did you mean {}?", name_of(&sibling))),
        None => error,
    }
}

/// The path that is there, and differs a little in one of its names.
fn sibling(path: &Path) -> Option<PathBuf> {
    let is_missing = |path: &&Path| *path != Path::new("") && path.symlink_metadata().is_err();
    let wrong = path.ancestors().take_while(is_missing).last()?;
    let name = wrong.file_name()?.to_str()?;
    let folder = wrong.parent()?;
    let listed = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let entries = fs::read_dir(listed).ok()?.take(MOST_FILES).flatten();
    let others = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let near = others.filter_map(|other| distance(name, &other).map(|far| (far, other)));
    let (_, near) = near.min()?;
    let rest = path.strip_prefix(wrong).ok()?;
    let found =
        if rest.as_os_str().is_empty() { folder.join(near) } else { folder.join(near).join(rest) };
    found.exists().then_some(found)
}

/// How far a file's name is from the one that was meant to be it; `None`: too far.
fn distance(name: &str, other: &str) -> Option<usize> {
    let digits = |name: &str| name.chars().filter(char::is_ascii_digit).collect::<String>();
    // `part-02` is no mistyped `part-01`: it holds other points.
    if digits(name) != digits(other) || other.starts_with('.') {
        return None;
    }
    let ending = other.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'));
    if ending || name.eq_ignore_ascii_case(other) {
        return Some(0);
    }
    Some(osa_distance(name, other)).filter(|&far| far <= 2 && far * 3 <= name.chars().count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_that_looks_most_alike_is_the_guess() {
        let known = ["limit", "memory", "metric"];
        assert_eq!(nearest("limt", &known), Some(&"limit"));
        assert_eq!(nearest("memroy", &known), Some(&"memory"));
        assert_eq!(nearest("xyz", &known), None);
    }

    #[test]
    fn a_file_is_guessed_by_its_name_never_by_its_number() {
        for (name, other) in [
            ("backup.arow", "backup.arrow"),
            ("Backup.gz", "backup.gz"),
            ("main-import", "main-import.txt"),
            ("mian-import.txt", "main-import.txt"),
        ] {
            assert!(distance(name, other).is_some(), "{name} {other}");
        }
        for (name, other) in
            [("part-01.gz", "part-02.gz"), ("a", "b"), ("x", ".x"), ("restored", "backup")]
        {
            assert_eq!(distance(name, other), None, "{name} {other}");
        }
    }

    #[test]
    fn a_mistyped_folder_is_found_too() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("backups")).unwrap();
        fs::write(folder.path().join("backups/day.gz"), "").unwrap();
        let at = |name: &str| folder.path().join(name);
        assert_eq!(sibling(&at("bakcups/day.gz")), Some(at("backups/day.gz")));
        assert_eq!(sibling(&at("backups/day.gx")), Some(at("backups/day.gz")));
        assert_eq!(sibling(&at("bakcups/none.gz")), None);
        assert_eq!(sibling(&at("elsewhere/day.gz")), None);
    }
}
