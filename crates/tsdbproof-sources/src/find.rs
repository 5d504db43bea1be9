//! The files behind a folder or a pattern, in order, whatever links there are.

use std::{
    borrow::Cow,
    collections::HashSet,
    fs,
    path::{Component, Path, PathBuf},
};

use glob::{MatchOptions, Pattern, PatternError};
use tsdbproof::{
    Error,
    host::{SNAPSHOTS, is_part_of_snapshot, is_passed_over},
};

use crate::{Stop, file::Identity, io_error, name_of};

/// The files that a pattern matches, and those in folders that it matches.
pub(crate) fn files_like(pattern: &str, stop: &Stop) -> Result<Vec<PathBuf>, Error> {
    let options = MatchOptions {
        case_sensitive: true,
        require_literal_separator: true,
        require_literal_leading_dot: true,
    };
    let bad = |error: PatternError| {
        Error::usage(format!("is no pattern: {}", error.msg)).in_file(name_of(Path::new(pattern)))
    };
    if pattern.contains("**") {
        // The library walks through links in circles for ever; our walk does not.
        let like = Pattern::new(pattern).map_err(bad)?;
        let plain = |part: &Component<'_>| {
            !part.as_os_str().as_encoded_bytes().iter().any(|byte| b"*?[".contains(byte))
        };
        let fixed: PathBuf = Path::new(pattern).components().take_while(plain).collect();
        let base = if fixed.as_os_str().is_empty() { Path::new(".") } else { fixed.as_path() };
        if !base.is_dir() {
            return Ok(Vec::new());
        }
        let named = |file: &Path| {
            let name = file.strip_prefix("./").unwrap_or(file);
            name.ancestors().any(|path| like.matches_path_with(path, options))
        };
        let files = files_below(base, stop)?;
        return Ok(files.into_iter().filter(|file| named(file)).collect());
    }
    let mut found = Vec::new();
    for entry in glob::glob_with(pattern, options).map_err(bad)? {
        let entry = entry.map_err(|error| io_error(error.error(), &name_of(error.path())))?;
        match entry.is_dir() {
            true => found.extend(files_below(&entry, stop)?),
            false if is_passed_over(&base_name(&entry)) => {}
            false => found.push(entry),
        }
    }
    Ok(found)
}

/// The files in a folder and below, by path. Each folder is looked at once, whatever links lead to it.
pub(crate) fn files_below(root: &Path, stop: &Stop) -> Result<Vec<PathBuf>, Error> {
    let passed_over = |path: &PathBuf| {
        let below = path.strip_prefix(root).unwrap_or(path);
        is_passed_over(&below.to_string_lossy())
    };
    let (mut files, mut folders, mut seen) = (Vec::new(), vec![root.to_owned()], HashSet::new());
    while let Some(folder) = folders.pop() {
        stop.check()?;
        let io = |error| io_error(&error, &name_of(&folder));
        if !seen.insert(Identity::of(&folder.metadata().map_err(io)?)) {
            continue;
        }
        let entries = fs::read_dir(&folder).map_err(io)?;
        let paths = entries.map(|entry| Ok(entry.map_err(io)?.path()));
        let mut paths = paths.collect::<Result<Vec<_>, Error>>()?;
        // The first name in order is the one by which a folder with several is known.
        paths.sort_unstable_by(|a, b| b.cmp(a));
        for path in paths.into_iter().filter(|path| !passed_over(path)) {
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files.sort_unstable();
    Ok(files)
}

/// The files of a snapshot that is named by its folder, or of all that are named by the folder of
/// all: they lie below the root that this folder stands in. `None`: it is another folder.
pub(crate) fn files_of_snapshot(folder: &Path, stop: &Stop) -> Result<Option<Vec<PathBuf>>, Error> {
    let is_all = |folder: &Path| folder.ends_with(SNAPSHOTS);
    let above = folder.ancestors().take(3).find(|above| is_all(above)).and_then(Path::parent);
    let Some(root) = above else { return Ok(None) };
    let root = if root.as_os_str().is_empty() { Path::new(".") } else { root };
    let folder = root.join(folder.strip_prefix(root).unwrap_or(folder));
    let files = files_below(root, stop)?.into_iter();
    let is_of_another =
        |file: &PathBuf| is_part_of_snapshot(&file.to_string_lossy()) && !file.starts_with(&folder);
    Ok(Some(files.filter(|file| !is_of_another(file)).collect()))
}

fn base_name(path: &Path) -> Cow<'_, str> {
    path.file_name().unwrap_or_default().to_string_lossy()
}
