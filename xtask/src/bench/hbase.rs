//! HBase's own classes, in a JVM: `benches/Export.java`, on the class path of the lab.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::data::{Blocks, Cells};
use super::tool::first_line;

/// Where the classes lie, and the options of every run.
const CLASSES: &str = "target/bench/java";
const OPTIONS: &str = "target/bench/java/options";
const SOURCE: &str = "benches/Export.java";
/// The lab knows what of HBase is needed, and has Maven fetch it once.
const CLASS_PATH: &str =
    "import sys; sys.path.insert(0, 'tests/labs/opentsdb'); import lab; print(lab.fetch('hbase'))";

/// Fetches HBase and compiles the program that uses it; tells the version of Java.
pub(super) fn prepare() -> Result<String, String> {
    let fetch = Command::new("python3").args(["-B", "-c", CLASS_PATH]).output();
    let fetch = fetch.map_err(|e| format!("python3: {e}"))?;
    let said = String::from_utf8_lossy(&fetch.stdout).into_owned();
    let class_path = said.lines().last().filter(|_| fetch.status.success());
    let class_path = class_path
        .ok_or_else(|| format!("no HBase: {}", String::from_utf8_lossy(&fetch.stderr).trim()))?;
    fs::create_dir_all(CLASSES).map_err(|e| format!("{CLASSES}: {e}"))?;
    first_line("javac", &["-nowarn", "-cp", class_path, "-d", CLASSES, SOURCE], "default-jdk")?;
    let options = format!("-cp {CLASSES}:{class_path}\n");
    fs::write(OPTIONS, options).map_err(|e| format!("{OPTIONS}: {e}"))?;
    let version = first_line("java", &["--version"], "default-jdk")?;
    Ok(format!("{version}, HBase 2.5.10"))
}

fn java() -> Command {
    let mut command = Command::new("java");
    command.arg(format!("@{OPTIONS}")).arg("Export");
    command
}

/// The table of UIDs that belongs to an Export.
pub(super) fn uids(export: &Path) -> PathBuf {
    export.with_added_extension("uids")
}

/// Writes the points of a text to `out`, and their UIDs beside the Export that it will become.
pub(super) fn write(
    text: &Path,
    out: &Path,
    export: &Path,
    cells: Cells,
    blocks: Blocks,
) -> Command {
    let mut command = java();
    command.arg("write").arg(text).arg(out).arg(uids(export));
    command.arg(match blocks {
        Blocks::None => "none",
        Blocks::Zlib => "zlib",
    });
    command.arg(match cells {
        Cells::Compacted => "compacted",
        Cells::Single => "single",
    });
    command
}

/// Takes every point of an Export apart, and counts them.
pub(super) fn read(export: &Path) -> Command {
    let mut command = java();
    command.arg("read").arg(export);
    command
}
