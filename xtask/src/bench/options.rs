//! What was asked for.

use std::path::PathBuf;

pub(super) const USAGE: &str = "\
cargo xtask bench [--long] [--points 5M] [--growth 5M,20M] [--pairs 5] [--only NAME,NAME] [--no-write] [--binary FILE]
cargo xtask bench generate FILE_NAME [--points 5M] > FILE
cargo xtask bench patches [--long] [--points 5M] [--pairs 5] [--no-write] [--binary FILE]
cargo xtask bench inflate FILE
  without more   the short form: every row at 5M points
  --long         every row at 20M points, and the growth from 5M to 100M; patches at 20M points
  --pairs N      runs of each side of a row; of a growth, 3
  --only NAME    rows whose names hold one of these
  --no-write     nothing is written to benches/runs
  --binary FILE  this tsdbproof instead of a fresh release build";

pub(super) struct Options {
    /// The sizes to measure all rows at, one after the other.
    pub(super) points: Vec<u64>,
    /// The sizes of the growth.
    pub(super) growth: Vec<u64>,
    pub(super) pairs: usize,
    pub(super) only: Vec<String>,
    pub(super) write: bool,
    pub(super) binary: Option<PathBuf>,
}

impl Options {
    pub(super) fn parse(args: &[String]) -> Result<Self, String> {
        let mut options = Self {
            points: vec![5_000_000],
            growth: Vec::new(),
            pairs: 5,
            only: Vec::new(),
            write: true,
            binary: None,
        };
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            let mut value = || args.next().ok_or_else(|| format!("{arg} needs a value\n{USAGE}"));
            match arg.as_str() {
                "--long" => {
                    options.points = vec![20_000_000];
                    options.growth = vec![5_000_000, 20_000_000, 60_000_000, 100_000_000];
                }
                "--points" => options.points = sizes(value()?)?,
                "--growth" => options.growth = sizes(value()?)?,
                "--pairs" => options.pairs = pairs(value()?)?,
                "--only" => options.only = value()?.split(',').map(str::to_owned).collect(),
                "--no-write" => options.write = false,
                "--binary" => options.binary = Some(absolute(value()?)?),
                other => return Err(format!("unknown argument {other}\n{USAGE}")),
            }
        }
        Ok(options)
    }

    /// Whether a row of this name was asked for.
    pub(super) fn wants(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|part| name.contains(part.as_str()))
    }
}

fn sizes(list: &str) -> Result<Vec<u64>, String> {
    list.split(',').map(points).collect()
}

fn points(text: &str) -> Result<u64, String> {
    let (number, unit) = text.strip_suffix('M').map_or((text, 1), |number| (number, 1_000_000));
    let points = number.parse::<u64>().ok().and_then(|number| number.checked_mul(unit));
    points
        .filter(|points| (100_000..=1_000_000_000).contains(points))
        .ok_or_else(|| format!("--points: found {text}, expected 100000 to 1000M"))
}

fn pairs(text: &str) -> Result<usize, String> {
    let pairs = text.parse().ok().filter(|pairs| *pairs > 0);
    pairs.ok_or_else(|| format!("--pairs: found {text}, expected a number from 1"))
}

/// The bench works in the root of the workspace, wherever it was called.
fn absolute(path: &str) -> Result<PathBuf, String> {
    std::path::absolute(path).map_err(|e| format!("{path}: {e}"))
}
