//! How much memory a job may take where the user does not say.

use std::{fs, path::Path};

/// Never more than this unasked.
const MOST_BYTES: u64 = 1 << 30;
/// What a machine is taken to have that does not tell.
const UNKNOWN_BYTES: u64 = 4 << 30;

/// A gibibyte, or a quarter of what the machine or the control group has, if that is less.
pub fn memory_bytes() -> u64 {
    let machine = fs::read_to_string("/proc/meminfo").ok().and_then(|text| machine_bytes(&text));
    let group = fs::read_to_string("/proc/self/cgroup").ok().and_then(|text| group_bytes(&text));
    let limit = machine.into_iter().chain(group).min().unwrap_or(UNKNOWN_BYTES);
    (limit / 4).min(MOST_BYTES)
}

fn machine_bytes(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}

/// The least limit of the groups that hold this process, of both versions of control groups.
fn group_bytes(cgroup: &str) -> Option<u64> {
    let limits = cgroup.lines().flat_map(|line| {
        let mut fields = line.splitn(3, ':').skip(1);
        let (controllers, path) = (fields.next().unwrap_or(""), fields.next().unwrap_or("/"));
        let (root, file) = match controllers {
            "" => ("/sys/fs/cgroup", "memory.max"),
            _ if controllers.split(',').any(|it| it == "memory") => {
                ("/sys/fs/cgroup/memory", "memory.limit_in_bytes")
            }
            _ => return Vec::new(),
        };
        // A container may show its own group as the root, so the path of the host may lead nowhere.
        let folders = Path::new(path).ancestors();
        let limit = |folder: &Path| {
            let folder = folder.strip_prefix("/").unwrap_or(folder);
            fs::read_to_string(Path::new(root).join(folder).join(file)).ok()?.trim().parse().ok()
        };
        folders.filter_map(limit).collect()
    });
    limits.filter(|bytes| *bytes > 0).min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quarter_at_most() {
        assert_eq!(machine_bytes("MemFree: 1 kB\nMemTotal:       16384 kB\n"), Some(16 << 20));
        assert_eq!(machine_bytes("nothing"), None);
        assert!((1..=MOST_BYTES).contains(&memory_bytes()));
    }
}
