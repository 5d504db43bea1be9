//! Rules for the suite: each format has cases, damaged ones too, and each case says where it is from.

use super::{Fault, File};

const FORMATS: &str = "crates/tsdbproof-formats/src/";
const CASES: &str = "tests/suite/formats/";

pub(super) fn faults(files: &[File]) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (path, name) in formats(files) {
        let folder = format!("{CASES}{name}/");
        let cases: Vec<&str> =
            files.iter().filter_map(|file| file.path.strip_prefix(&folder)).collect();
        if !cases.iter().any(|case| case.ends_with("/expect.txt")) {
            faults.push(Fault::new(path, 0, format!("{name} has no case in {folder}")));
        }
        if !cases.iter().any(|case| case.starts_with("damaged-")) {
            faults.push(Fault::new(path, 0, format!("{name} has no damaged-… case in {folder}")));
        }
    }
    let is_case =
        |file: &&File| file.path.starts_with("tests/suite/") && file.path.ends_with("/expect.txt");
    for case in files.iter().filter(is_case) {
        let origin = case.text.lines().next().and_then(|line| line.strip_prefix("made-by: "));
        if origin.is_none_or(|origin| origin.trim().is_empty() || origin.starts_with('?')) {
            faults.push(Fault::new(
                &case.path,
                1,
                "the first line says `made-by: …`: who made the input",
            ));
        }
    }
    faults
}

/// The names that formats give themselves, with the files in which they do.
fn formats(files: &[File]) -> Vec<(&str, &str)> {
    let mut formats = Vec::new();
    for file in files.iter().filter(|file| file.path.starts_with(FORMATS)) {
        for table in file.text.split(" static FORMAT: Format = Format {").skip(1) {
            let name = table.split_once("name: \"").and_then(|(_, rest)| rest.split_once('"'));
            formats.extend(name.map(|(name, _)| (file.path.as_str(), name)));
        }
    }
    formats
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_without_damaged_cases_is_a_fault() {
        let file = |path: &str, text: &str| File { path: path.to_owned(), text: text.to_owned() };
        let format = file(
            "crates/tsdbproof-formats/src/a.rs",
            "pub(crate) static FORMAT: Format = Format {\n    name: \"a-b\",\n",
        );
        let good = file("tests/suite/formats/a-b/good/expect.txt", "made-by: a scan\n");
        let damaged = file("tests/suite/formats/a-b/damaged-cut/expect.txt", "made-by: \n");
        assert_eq!(faults(&[format, good, damaged]).len(), 1);
    }
}
