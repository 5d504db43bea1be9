//! Rules for every text file: nothing that works on one machine only.

use super::{Fault, File};

/// Paths that no clone has, put together so that this file may hold them.
const PATHS: &[&[&str]] = &[&["..", "/shared"], &["/wo", "rk/"], &["/ro", "ot/"]];

pub(super) fn faults(file: &File) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (index, line) in file.text.lines().enumerate() {
        for path in PATHS.iter().map(|path| path.concat()).filter(|path| line.contains(path)) {
            // A path may go on in front: `../network/`, `tests/root/`.
            let is_ours = line.match_indices(&path).any(|(at, _)| {
                !line
                    .get(..at)
                    .is_some_and(|before| before.ends_with(|c: char| c.is_alphanumeric()))
            });
            if is_ours {
                let what = format!("{path} is a place on one machine");
                faults.push(Fault::new(&file.path, index + 1, what));
            }
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_of_one_machine_is_a_fault() {
        let file = |text: String| File { path: "a.md".to_owned(), text };
        assert_eq!(faults(&file(["see ../sha", "red/design"].concat())).len(), 1);
        assert_eq!(faults(&file(["cd /wo", "rk/main"].concat())).len(), 1);
        assert!(faults(&file("see docs/network/a.md".to_owned())).is_empty());
    }
}
