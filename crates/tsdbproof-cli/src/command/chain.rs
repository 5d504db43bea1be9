//! `tsdbproof chain`: what a folder of full backups and patches can restore, and what of it can go.

use std::{
    fs,
    path::{Path, PathBuf},
};

use clap::Subcommand;
use tsdbproof::{Error, Keep, Options, report::Report};
use tsdbproof_sources::{block_on, io_error, name_of};

use super::Plan;
use crate::{
    Ended, Machine,
    flags::{Access, Leniency, Telling},
};

/// Lists the states that a folder of backups, manifests and patches can restore, and proves each
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
#[command(disable_help_subcommand = true)]
#[command(override_usage = "\
tsdbproof chain [OPTIONS] DIR…
       tsdbproof chain prune [OPTIONS] DIR… --keep RULES")]
#[command(after_help = "\
Each file and folder in DIR, and each file that is named, is a full backup, a manifest or a patch. All of \
them are read whole, every \
patch is applied in memory, and the root of each state is held against what is promised. A folder that is \
called prune is given as ./prune.

Examples:
  tsdbproof chain backups/
  tsdbproof chain prune backups/ --keep last=7,weekly=4

Exit codes: 0 every file is sound and every patch leads where it promises; 1 one does not; 2 the job \
could not be done; 3 something could not be proven or read.")]
pub(super) struct Args {
    #[command(subcommand)]
    prune: Option<Pruning>,

    #[command(flatten)]
    folder: Folder,
}

#[derive(Debug, Subcommand)]
enum Pruning {
    Prune(Prune),
}

/// The folder, and how it is read.
#[derive(Debug, clap::Args)]
struct Folder {
    /// Folders of full backups, manifests and patches, or such files
    #[arg(value_name = "DIR", required = true)]
    names: Vec<PathBuf>,

    #[command(flatten)]
    access: Access,
    #[command(flatten)]
    leniency: Leniency,
    #[command(flatten)]
    telling: Telling,
}

/// Tells which files no state needs that is to be kept; removes them only if told to
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Nothing can go unless the whole folder is proven sound first. Times are those of the newest points.

Examples:
  tsdbproof chain prune backups/ --keep last=7
  tsdbproof chain prune backups/ --keep daily=7,weekly=4,monthly=12 --remove

Exit codes: as of `tsdbproof chain`.")]
struct Prune {
    #[command(flatten)]
    folder: Folder,

    /// States to keep, with commas: last=N, daily=N, weekly=N, monthly=N, yearly=N, root=ROOT
    #[arg(long, value_name = "RULES")]
    keep: Keep,

    /// Remove what can go; without it nothing is changed
    #[arg(long)]
    remove: bool,
}

impl Args {
    pub(super) fn run(self, machine: &mut Machine<'_>) -> Result<Ended, Error> {
        let Some(Pruning::Prune(Prune { folder, keep, remove })) = self.prune else {
            let (report, _) = self.folder.report(None, machine)?;
            return Ok(Ended::with(report, self.folder.leniency.allow_partial));
        };
        let (report, paths) = folder.report(Some(&keep), machine)?;
        if remove {
            remove_files(&report, &paths, machine)?;
        }
        Ok(Ended::with(report, folder.leniency.allow_partial))
    }
}

impl Folder {
    /// The job's report, and the paths of the files in it.
    fn report(
        &self,
        keep: Option<&Keep>,
        machine: &mut Machine<'_>,
    ) -> Result<(Report, Vec<PathBuf>), Error> {
        let mut options = Options::default();
        self.leniency.apply(&mut options);
        let mut opening = self.access.open(&mut options, machine)?;
        let (items, not_read) = opening.items(&self.names)?;
        let (paths, items): (Vec<_>, Vec<_>) = items.into_iter().unzip();
        let plan = Plan { opening, resources: self.access.resources(), telling: &self.telling };
        let report = plan.report(machine, |host, _| {
            block_on(tsdbproof::chain(host, &items, &not_read, keep, &options))
        })?;
        Ok((report, paths))
    }
}

/// Removes the files that can go, one behind the other: none of them is needed, so it may end anywhere.
fn remove_files(
    report: &Report,
    paths: &[PathBuf],
    machine: &mut Machine<'_>,
) -> Result<(), Error> {
    let files = report.chained.iter().flat_map(|chained| &chained.files);
    for (file, path) in files.zip(paths).filter(|(file, _)| file.can_go) {
        machine.stop.check()?;
        let told = match is_folder(path) {
            true => format!("left: {} is a folder; remove it yourself", file.name),
            false => {
                fs::remove_file(path).map_err(|error| io_error(&error, &name_of(path)))?;
                format!("removed: {}", file.name)
            }
        };
        writeln!(machine.err, "{told}")?;
    }
    Ok(())
}

fn is_folder(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|metadata| metadata.is_dir())
}
