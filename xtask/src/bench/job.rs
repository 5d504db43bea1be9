//! What can be run and measured: a task of ours, or a peer's.

use std::fs;
use std::process::Command;

use super::data::{Data, Packing};
use super::ours::{self, DEFAULT, Way};
use super::tool::{self, Tool};
use super::{Place, hbase};

/// One process on generated files.
#[derive(Clone, Copy)]
pub(super) enum Job {
    Manifest {
        of: Data,
        way: Way,
    },
    Diff {
        base: Data,
        current: Data,
        way: Way,
    },
    OpensslSha256(Data),
    Sha256sum(Data),
    ZstdDecompress(Data),
    GzipTest(Data),
    /// What is packed in a file of HBase's, unpacked by the library that we use.
    Inflate(Data),
    /// A full outer join on metric, tags and time as they are spelled.
    DuckDbJoin {
        base: Data,
        current: Data,
    },
    /// The same join after both sides are brought to one spelling.
    DuckDbCanonicalJoin {
        base: Data,
        current: Data,
    },
    /// The same join by another engine.
    PolarsJoin {
        base: Data,
        current: Data,
    },
    /// A sum of hashes of all points, series by series.
    PolarsSum(Data),
    /// Every value of an Export, taken apart by HBase's own classes.
    HBaseRead(Data),
}

impl Job {
    /// `manifest` as the promises are about.
    pub(super) const fn manifest(of: Data) -> Self {
        Self::Manifest { of, way: DEFAULT }
    }

    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Manifest { .. } => "tsdbproof manifest",
            Self::Diff { .. } => "tsdbproof diff",
            Self::OpensslSha256(_) => "openssl dgst -sha256",
            Self::Sha256sum(_) => "sha256sum",
            Self::ZstdDecompress(_) => "zstd -dc",
            Self::GzipTest(_) => "gzip -t",
            Self::Inflate(_) => "zlib-rs",
            Self::PolarsJoin { .. } => "Polars full join",
            Self::PolarsSum(_) => "Polars sum of hashes",
            Self::DuckDbJoin { .. } => "DuckDB full outer join",
            Self::DuckDbCanonicalJoin { .. } => "DuckDB canonical join",
            Self::HBaseRead(_) => "HBase's classes",
        }
    }

    /// What must be installed for it, or to make its inputs.
    pub(super) fn tool(&self) -> Option<Tool> {
        match self {
            Self::Manifest { of, .. } if of.is_export() => Some(Tool::HBase),
            Self::Manifest { .. } | Self::Diff { .. } => None,
            Self::HBaseRead(_) | Self::Inflate(_) => Some(Tool::HBase),
            Self::PolarsJoin { .. } | Self::PolarsSum(_) => Some(Tool::Polars),
            Self::OpensslSha256(_) => Some(Tool::Openssl),
            Self::Sha256sum(_) => Some(Tool::Sha256sum),
            Self::ZstdDecompress(_) => Some(Tool::Zstd),
            Self::GzipTest(_) => Some(Tool::Gzip),
            Self::DuckDbJoin { .. } | Self::DuckDbCanonicalJoin { .. } => Some(Tool::DuckDb),
        }
    }

    pub(super) fn inputs(&self) -> Vec<Data> {
        match *self {
            Self::Manifest { of, .. }
            | Self::OpensslSha256(of)
            | Self::Sha256sum(of)
            | Self::ZstdDecompress(of)
            | Self::GzipTest(of)
            | Self::Inflate(of)
            | Self::PolarsSum(of)
            | Self::HBaseRead(of) => vec![of],
            Self::Diff { base, current, .. }
            | Self::PolarsJoin { base, current }
            | Self::DuckDbJoin { base, current }
            | Self::DuckDbCanonicalJoin { base, current } => vec![base, current],
        }
    }

    pub(super) fn command(&self, place: &Place) -> Command {
        let on_file = |program: &str, args: &[&str], of: Data| {
            let mut command = Command::new(program);
            command.args(args).arg(place.path(&of));
            command
        };
        let in_python = |task: &str, files: &[Data]| {
            let mut command = Command::new(tool::VENV_PYTHON);
            // As ours: one thread.
            command.env("POLARS_MAX_THREADS", "1").args(["benches/peers.py", task]);
            command.args(files.iter().map(|file| place.path(file)));
            command
        };
        match *self {
            Self::Manifest { of, way } => {
                let (path, out) = (place.path(&of), place.written());
                let mut command = ours::manifest(&place.binary, &path, &out, way);
                if of.is_export() {
                    command.arg("--uids").arg(hbase::uids(&path));
                }
                command
            }
            Self::Diff { base, current, way } => {
                ours::diff(&place.binary, &place.path(&base), &place.path(&current), way)
            }
            Self::OpensslSha256(of) => on_file("openssl", &["dgst", "-sha256"], of),
            Self::Sha256sum(of) => on_file("sha256sum", &[], of),
            Self::ZstdDecompress(of) => on_file("zstd", &["-dc"], of),
            Self::GzipTest(of) => on_file("gzip", &["-t"], of),
            Self::Inflate(of) => {
                let mut command = Command::new(&place.tool);
                command.args(["bench", "inflate"]).arg(place.path(&of));
                command
            }
            Self::DuckDbJoin { base, current } => in_python("join", &[base, current]),
            Self::DuckDbCanonicalJoin { base, current } => {
                in_python("canonical-join", &[base, current])
            }
            Self::PolarsJoin { base, current } => in_python("polars-join", &[base, current]),
            Self::PolarsSum(of) => in_python("polars-sum", &[of]),
            Self::HBaseRead(of) => hbase::read(&place.path(&of)),
        }
    }

    /// The exit code of a run that did its work. A diff tells by it that the sides differ.
    pub(super) fn exit_code(&self) -> i32 {
        i32::from(matches!(self, Self::Diff { base, current, .. } if base.state != current.state))
    }

    /// What its answer is an answer to, in words that every job with the same question shares.
    pub(super) fn question(&self) -> Option<String> {
        match self {
            Self::Manifest { of, .. } => Some(format!("roots of {}", of.points_name())),
            Self::Diff { base, current, .. }
            | Self::PolarsJoin { base, current }
            | Self::DuckDbJoin { base, current }
            | Self::DuckDbCanonicalJoin { base, current } => {
                let depth = if base.packing == Packing::Manifest { " by manifest" } else { "" };
                Some(format!("{} against {}{depth}", base.points_name(), current.points_name()))
            }
            Self::OpensslSha256(of) | Self::Sha256sum(of) => {
                Some(format!("SHA-256 of {}", of.file_name()))
            }
            Self::HBaseRead(of) => Some(format!("points of {}, counted", of.points_name())),
            Self::PolarsSum(of) => Some(format!("sum of hashes of {}", of.file_name())),
            Self::Inflate(of) => Some(format!("unpacked bytes of {}", of.file_name())),
            Self::ZstdDecompress(_) | Self::GzipTest(_) => None,
        }
    }

    /// The answer of a run that printed `output`, in the one form that all answers to its question
    /// have.
    pub(super) fn answer(&self, output: &str, place: &Place) -> Result<String, String> {
        let found = match self {
            Self::Manifest { .. } => ours::roots(&shown(place)?),
            Self::Diff { .. } => ours::counts(output),
            Self::OpensslSha256(_) | Self::Sha256sum(_) => {
                output.split_whitespace().find(|word| word.len() == 64).map(str::to_owned)
            }
            _ => Some(output.trim().to_owned()),
        };
        found.ok_or_else(|| format!("no answer in its output: {}", output.trim_end()))
    }
}

/// What `show` prints of the manifest that was just written. It is taken away, so that no later run
/// can be judged by it.
fn shown(place: &Place) -> Result<String, String> {
    let manifest = place.written();
    let output = ours::show(&place.binary, &manifest)
        .output()
        .map_err(|e| format!("{}: {e}", place.binary.display()))?;
    fs::remove_file(&manifest).map_err(|e| format!("{}: {e}", manifest.display()))?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
