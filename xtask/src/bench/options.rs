//! What was asked for.

use std::path::PathBuf;

pub(super) const USAGE: &str = "\
cargo xtask bench [--points 5M,20M] [--pairs 5] [--only NAME] [--quick] [--no-write] [--binary FILE]
cargo xtask bench generate FILE_NAME [--points 5M] > FILE
  --only NAME    rows whose name holds NAME
  --quick        1M points, 3 pairs, nothing written: does it all still run, with the right answers?
  --binary FILE  this tsdbproof instead of a fresh release build";

pub(super) struct Options {
    /// The sizes to measure, one after the other.
    pub(super) points: Vec<u64>,
    pub(super) pairs: usize,
    pub(super) only: String,
    pub(super) write: bool,
    pub(super) binary: Option<PathBuf>,
}

impl Options {
    pub(super) fn parse(args: &[String]) -> Result<Self, String> {
        let mut options = Self {
            points: vec![5_000_000],
            pairs: 5,
            only: String::new(),
            write: true,
            binary: None,
        };
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            let mut value = || args.next().ok_or_else(|| format!("{arg} needs a value\n{USAGE}"));
            match arg.as_str() {
                "--points" => {
                    options.points = value()?.split(',').map(points).collect::<Result<_, _>>()?
                }
                "--pairs" => options.pairs = pairs(value()?)?,
                "--only" => options.only = value()?.clone(),
                "--quick" => {
                    (options.points, options.pairs, options.write) = (vec![1_000_000], 3, false)
                }
                "--no-write" => options.write = false,
                "--binary" => options.binary = Some(absolute(value()?)?),
                other => return Err(format!("unknown argument {other}\n{USAGE}")),
            }
        }
        Ok(options)
    }
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
