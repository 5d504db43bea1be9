//! Which files of a folder are of use to a job, by their paths.

use tsdbproof_formats::{SNAPSHOTS, UNFINISHED_SNAPSHOTS, is_part_of_snapshot};

/// Whether what stands at this path below a folder that was named, a file or a folder, is passed over:
/// it is hidden, or one of those that Hadoop lays beside its files. What belongs to a snapshot is not.
pub fn is_passed_over(path: &str) -> bool {
    let mut parts = path.split('/');
    while let Some(name) = parts.next() {
        if name == SNAPSHOTS {
            let below: Vec<&str> = parts.collect();
            return match *below {
                [] | [_] | [UNFINISHED_SNAPSHOTS, _] => false,
                _ => !is_part_of_snapshot(path),
            };
        }
        if name.starts_with('.') || name == "_SUCCESS" || name.ends_with(".crc") {
            return true;
        }
    }
    false
}

/// Whether a path is that of a side file, `.NAME.crc`, in which Hadoop keeps the sums of `NAME`.
pub fn is_sums(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let of = name.strip_prefix('.').and_then(|name| name.strip_suffix(".crc"));
    of.is_some_and(|of| !of.is_empty())
}

/// The path of the side file of a file.
pub fn sums_beside(path: &str) -> String {
    let (folder, name) = path.rfind('/').map_or(("", path), |slash| path.split_at(slash + 1));
    format!("{folder}.{name}.crc")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_laid_beside_is_passed_over_and_snapshots_are_not() {
        let files = ["part-m-00000", "a/b", ".hbase-snapshot", "x/.hbase-snapshot/.tmp"];
        let snapshots = ["s", ".tmp/s", "s/data.manifest", ".tmp/s/.snapshotinfo"];
        let snapshots = snapshots.map(|path| format!("a/.hbase-snapshot/{path}"));
        for path in files.into_iter().chain(snapshots.iter().map(String::as_str)) {
            assert!(!is_passed_over(path), "{path}");
        }
        let laid = [".x", "a/.x/b", "a/_SUCCESS", ".part-m-00000.crc", "x.crc", ".tmp", "a/.tmp/b"];
        let of_snapshots = [".hbase-snapshot/s/.inprogress", ".hbase-snapshot/s/r/f/x"];
        for path in laid.into_iter().chain(of_snapshots) {
            assert!(is_passed_over(path), "{path}");
        }
    }

    #[test]
    fn a_side_file_is_known_by_its_name() {
        assert_eq!(sums_beside("a/part-m-00000"), "a/.part-m-00000.crc");
        assert_eq!(sums_beside("x"), ".x.crc");
        assert!(is_sums("a/.x.crc") && is_sums(".x.crc"));
        assert!(!is_sums("x.crc") && !is_sums(".crc") && !is_sums("a/.x"));
    }
}
