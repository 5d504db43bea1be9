//! The peers' programs: what must be installed, and in which version it was found.

use std::io::ErrorKind;
use std::path::Path;
use std::process::Command;

use super::hbase;

/// DuckDB lives in an environment of its own, so that no Python of the machine is touched.
const VENV: &str = "target/bench/venv";
pub(super) const VENV_PYTHON: &str = "target/bench/venv/bin/python";
const DUCKDB: &str = "duckdb==2.0.0";

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Tool {
    Openssl,
    Sha256sum,
    Zstd,
    Gzip,
    DuckDb,
    HBase,
}

impl Tool {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Openssl => "openssl",
            Self::Sha256sum => "sha256sum",
            Self::Zstd => "zstd",
            Self::Gzip => "gzip",
            Self::DuckDb => "DuckDB",
            Self::HBase => "HBase",
        }
    }

    /// Its version, or why it cannot be run.
    pub(super) fn version(self) -> Result<String, String> {
        match self {
            Self::Openssl => first_line("openssl", &["version"], "openssl"),
            Self::Sha256sum => first_line("sha256sum", &["--version"], "coreutils"),
            Self::Zstd => first_line("zstd", &["--version"], "zstd"),
            Self::Gzip => first_line("gzip", &["--version"], "gzip"),
            Self::DuckDb => duckdb(),
            Self::HBase => hbase::prepare(),
        }
    }
}

/// Installs DuckDB where it is not yet, and asks it for its version.
fn duckdb() -> Result<String, String> {
    let ask = ["-c", "import duckdb; print('DuckDB', duckdb.__version__)"];
    if !Path::new(VENV_PYTHON).exists() {
        eprintln!("installing {DUCKDB} into {VENV}");
        first_line("python3", &["-m", "venv", "--clear", VENV], "python3-venv")?;
    }
    let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", DUCKDB];
    first_line(VENV_PYTHON, &install, "python3-venv")?;
    first_line(VENV_PYTHON, &ask, "python3-venv")
}

/// The first line that a program prints. `package` is what Debian calls the package that holds it.
pub(super) fn first_line(program: &str, args: &[&str], package: &str) -> Result<String, String> {
    let output = Command::new(program).args(args).output().map_err(|e| match e.kind() {
        ErrorKind::NotFound => format!("{program} not found (Debian package {package})"),
        _ => format!("{program}: {e}"),
    })?;
    let text =
        |bytes: &[u8]| String::from_utf8_lossy(bytes).lines().next().unwrap_or("").to_owned();
    if output.status.success() {
        return Ok(text(&output.stdout));
    }
    // Python tells on standard output that its venv module is missing.
    let said = [text(&output.stderr), text(&output.stdout)].join(" ");
    Err(format!(
        "`{program} {}` failed (Debian package {package}): {}",
        args.join(" "),
        said.trim()
    ))
}
