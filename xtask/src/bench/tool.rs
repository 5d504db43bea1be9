//! The peers' programs: what must be installed, and in which version it was found.

use std::io::ErrorKind;
use std::path::Path;
use std::process::Command;

use super::hbase;

/// Python's packages live in an environment of their own, so that no Python of the machine is
/// touched.
const VENV: &str = "target/bench/venv";
pub(super) const VENV_PYTHON: &str = "target/bench/venv/bin/python";
const PACKAGES: [&str; 2] = ["duckdb==2.0.0", "polars==1.33.1"];

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Tool {
    Openssl,
    Sha256sum,
    Zstd,
    Xdelta3,
    Gzip,
    DuckDb,
    Polars,
    HBase,
}

impl Tool {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Openssl => "openssl",
            Self::Sha256sum => "sha256sum",
            Self::Zstd => "zstd",
            Self::Xdelta3 => "xdelta3",
            Self::Gzip => "gzip",
            Self::DuckDb => "DuckDB",
            Self::Polars => "Polars",
            Self::HBase => "HBase",
        }
    }

    /// Its version, or why it cannot be run.
    pub(super) fn version(self) -> Result<String, String> {
        match self {
            Self::Openssl => debian("openssl", "version", "openssl"),
            Self::Sha256sum => debian("sha256sum", "--version", "coreutils"),
            Self::Zstd => debian("zstd", "--version", "zstd"),
            Self::Xdelta3 => debian("xdelta3", "config", "xdelta3"),
            Self::Gzip => debian("gzip", "--version", "gzip"),
            Self::DuckDb => python("duckdb"),
            Self::Polars => python("polars"),
            Self::HBase => hbase::prepare(),
        }
    }
}

/// Asks a program for its version; root installs its package where it is missing.
fn debian(program: &str, ask: &str, package: &str) -> Result<String, String> {
    first_line(program, &[ask], package).or_else(|missing| {
        let is_root = first_line("id", &["-u"], "coreutils").is_ok_and(|id| id == "0");
        if !is_root {
            return Err(missing);
        }
        eprintln!("installing {package}");
        let install = ["install", "--yes", "--no-install-recommends", package];
        let update = first_line("apt-get", &["update"], "apt");
        update
            .and_then(|_| first_line("apt-get", &install, "apt"))
            .map_err(|why| format!("{missing}; {why}"))?;
        first_line(program, &[ask], package)
    })
}

/// Installs Python's packages where they are not yet, and asks one for its version.
fn python(package: &str) -> Result<String, String> {
    let ask = format!("import {package}; print({package}.__version__)");
    if !Path::new(VENV_PYTHON).exists() {
        eprintln!("installing {} into {VENV}", PACKAGES.join(", "));
        let venv = ["-m", "venv", "--clear", VENV];
        first_line("python3", &venv, "python3-venv").or_else(|missing| {
            debian("apt-get", "--version", "apt")?;
            let install = ["install", "--yes", "--no-install-recommends", "python3-venv"];
            first_line("apt-get", &install, "apt").map_err(|why| format!("{missing}; {why}"))?;
            first_line("python3", &venv, "python3-venv")
        })?;
    }
    let mut install = vec!["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
    install.extend(PACKAGES);
    first_line(VENV_PYTHON, &install, "python3-venv")?;
    first_line(VENV_PYTHON, &["-c", &ask], "python3-venv")
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
