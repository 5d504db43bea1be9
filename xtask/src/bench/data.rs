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
    #[expect(dead_code, reason = "the row on JSON lines comes with the full table")]
    JsonLines,
}

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Packing {
    None,
    Zst,
    Gz,
    /// Not the points but their manifest.
    Manifest,
    /// A file as HBase's Export writes it, of rows as OpenTSDB compacts them; the table of their UIDs
    /// stands beside it.
    Export,
    /// The same in blocks packed by zlib.
    ExportZlib,
}

pub(super) const SCAN: Data = Data {
    state: State::Backup,
    layout: Layout::Scan,
    spelling: Spelling::Plain,
    format: Format::Text,
    packing: Packing::None,
};
pub(super) const TIME: Data = Data { layout: Layout::Time, ..SCAN };
pub(super) const SHUFFLED: Data = Data { layout: Layout::Shuffled, ..SCAN };

impl Data {
    pub(super) const fn edited(self) -> Self {
        Self { state: State::Edited, ..self }
    }

    pub(super) const fn mixed(self) -> Self {
        Self { spelling: Spelling::Mixed, ..self }
    }

    pub(super) const fn packed(self, packing: Packing) -> Self {
        Self { packing, ..self }
    }

    /// Whether it is an Export of HBase's.
    pub(super) fn is_export(&self) -> bool {
        matches!(self.packing, Packing::Export | Packing::ExportZlib)
    }

    pub(super) fn state_name(&self) -> &'static str {
        match self.state {
            State::Backup => "backup",
            State::Edited => "edited",
        }
    }

    pub(super) fn file_name(&self) -> String {
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
            Packing::Export => ".export",
            Packing::ExportZlib => ".export-zlib",
        };
        format!("{}.{layout}{spelling}.{format}{packing}", self.state_name())
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
            Packing::None => generator(self, place.points)?,
            Packing::Zst => packer("zstd", &["-q", "-3", "-c"], &place.path(&plain)),
            Packing::Gz => packer("gzip", &["-6", "-c"], &place.path(&plain)),
            Packing::Manifest => ours::manifest(&place.binary, &place.path(&plain), &part),
            Packing::Export => hbase::write(&place.path(&plain), &part, &path, "none"),
            Packing::ExportZlib => hbase::write(&place.path(&plain), &part, &path, "zlib"),
        };
        write_output(command, self.packing, &part)?;
        fs::rename(&part, &path).map_err(|e| format!("{}: {e}", path.display()))
    }
}

/// This program again, as a process of its own: a child's peak memory starts from what its parent
/// holds, and shuffling holds the whole text.
fn generator(data: &Data, points: u64) -> Result<Command, String> {
    let this = std::env::current_exe().map_err(|e| format!("this program's own path: {e}"))?;
    let mut command = Command::new(this);
    command.args(["bench", "generate", &data.file_name(), "--points", &points.to_string()]);
    Ok(command)
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
