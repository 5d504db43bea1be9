//! The files that are measured on, made once under `target/bench/`.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;
use std::process::Command;

use super::{Place, hbase, ours};

/// One generated file. Everything that makes it different from another is in its name.
#[derive(Clone, Copy, PartialEq)]
pub(super) struct Data {
    pub(super) state: State,
    pub(super) series: SeriesCount,
    pub(super) layout: Layout,
    pub(super) spelling: Spelling,
    pub(super) format: Format,
    pub(super) packing: Packing,
}

/// Which points it holds.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum State {
    Backup,
    /// Some 300 single points lost, changed or added, two series lost and two added.
    Edited,
    /// Every point is there, and every value is another.
    Other,
    /// No point at all.
    Empty,
}

/// How many series share its points.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum SeriesCount {
    /// One for 2,000 points.
    Usual,
    /// One for 10.
    Many,
}

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Layout {
    Scan,
    Time,
    Shuffled,
}

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Spelling {
    Plain,
    /// The same points, for some series with other tag order, floats, milliseconds and blanks; some
    /// lines twice.
    Mixed,
}

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Format {
    Text,
    JsonLines,
}

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Packing {
    None,
    Zst,
    Gz,
    /// Not the points but their manifest.
    Manifest,
    /// A file as HBase's Export writes it; the table of its UIDs stands beside it.
    Export(Cells, Blocks),
}

/// How OpenTSDB left the rows of a table.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Cells {
    /// All points of a row in one cell.
    Compacted,
    /// A cell for each point.
    Single,
}

/// How a file of HBase's is packed.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Blocks {
    None,
    Zlib,
}

pub(super) const SCAN: Data = Data {
    state: State::Backup,
    series: SeriesCount::Usual,
    layout: Layout::Scan,
    spelling: Spelling::Plain,
    format: Format::Text,
    packing: Packing::None,
};
pub(super) const TIME: Data = Data { layout: Layout::Time, ..SCAN };
pub(super) const SHUFFLED: Data = Data { layout: Layout::Shuffled, ..SCAN };
pub(super) const JSON_LINES: Data = Data { format: Format::JsonLines, ..SCAN };
pub(super) const MANY_SERIES: Data = Data { series: SeriesCount::Many, ..TIME };

impl Data {
    pub(super) const fn edited(self) -> Self {
        self.in_state(State::Edited)
    }

    pub(super) const fn in_state(self, state: State) -> Self {
        Self { state, ..self }
    }

    pub(super) const fn mixed(self) -> Self {
        Self { spelling: Spelling::Mixed, ..self }
    }

    pub(super) const fn packed(self, packing: Packing) -> Self {
        Self { packing, ..self }
    }

    /// Whether it is an Export of HBase's.
    pub(super) fn is_export(&self) -> bool {
        matches!(self.packing, Packing::Export(..))
    }

    pub(super) fn state_name(&self) -> &'static str {
        match self.state {
            State::Backup => "backup",
            State::Edited => "edited",
            State::Other => "other",
            State::Empty => "empty",
        }
    }

    /// The points that a word stands for: which state of which fleet.
    pub(super) fn points_name(&self) -> String {
        let series = match self.series {
            SeriesCount::Usual => "",
            SeriesCount::Many => " of many series",
        };
        format!("{}{series}", self.state_name())
    }

    pub(super) fn file_name(&self) -> String {
        let series = match self.series {
            SeriesCount::Usual => "",
            SeriesCount::Many => ".many-series",
        };
        let layout = match self.layout {
            Layout::Scan => "scan",
            Layout::Time => "time",
            Layout::Shuffled => "shuffled",
        };
        let spelling = match self.spelling {
            Spelling::Plain => "",
            Spelling::Mixed => ".mixed",
        };
        let format = match self.format {
            Format::Text => "txt",
            Format::JsonLines => "jsonl",
        };
        let packing = match self.packing {
            Packing::None => "",
            Packing::Zst => ".zst",
            Packing::Gz => ".gz",
            Packing::Manifest => ".manifest",
            Packing::Export(Cells::Compacted, Blocks::None) => ".export",
            Packing::Export(Cells::Compacted, Blocks::Zlib) => ".export-zlib",
            Packing::Export(Cells::Single, Blocks::None) => ".export-cells",
            Packing::Export(Cells::Single, Blocks::Zlib) => ".export-cells-zlib",
        };
        format!("{}.{layout}{series}{spelling}.{format}{packing}", self.state_name())
    }

    /// Makes the file where it does not stand yet. A manifest is made anew: it is the work of the
    /// build under test.
    pub(super) fn make(&self, place: &Place) -> Result<(), String> {
        let path = place.path(self);
        if path.exists() && self.packing != Packing::Manifest {
            return Ok(());
        }
        let plain = self.packed(Packing::None);
        if self.packing != Packing::None {
            plain.make(place)?;
        }
        eprintln!("making {}", path.display());
        let part = path.with_added_extension("part");
        let command = match self.packing {
            Packing::None => generator(self, place),
            Packing::Zst => packer("zstd", &["-q", "-3", "-c"], &place.path(&plain)),
            Packing::Gz => packer("gzip", &["-6", "-c"], &place.path(&plain)),
            Packing::Manifest => {
                ours::manifest(&place.binary, &place.path(&plain), &part, ours::DEFAULT)
            }
            Packing::Export(cells, blocks) => {
                hbase::write(&place.path(&plain), &part, &path, cells, blocks)
            }
        };
        write_output(command, self.packing, &part)?;
        fs::rename(&part, &path).map_err(|e| format!("{}: {e}", path.display()))
    }
}

/// A process of its own: a child's peak memory starts from what its parent holds, and shuffling
/// holds the whole text.
fn generator(data: &Data, place: &Place) -> Command {
    let mut command = Command::new(&place.tool);
    command.args(["bench", "generate", &data.file_name(), "--points", &place.points.to_string()]);
    command
}

fn packer(program: &str, args: &[&str], plain: &Path) -> Command {
    let mut command = Command::new(program);
    command.args(args).arg(plain);
    command
}

fn write_output(mut command: Command, packing: Packing, path: &Path) -> Result<(), String> {
    let failed = |e: io::Error| format!("{}: {e}", path.display());
    fs::create_dir_all(path.parent().expect("data stands in a folder")).map_err(failed)?;
    // The others name the file that they write.
    if matches!(packing, Packing::None | Packing::Zst | Packing::Gz) {
        command.stdout(File::create(path).map_err(failed)?);
    }
    match command.status().map_err(failed)? {
        status if status.success() => Ok(()),
        status => Err(format!("{}: its maker ended with {status}", path.display())),
    }
}

/// Reads a file to its end, so that the next reader finds it in memory.
pub(super) fn warm(path: &Path) -> Result<(), String> {
    let failed = |e: io::Error| format!("{}: {e}", path.display());
    let mut file = File::open(path).map_err(failed)?;
    let mut block = vec![0; 1 << 20];
    while file.read(&mut block).map_err(failed)? > 0 {}
    Ok(())
}
