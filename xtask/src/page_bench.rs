//! `cargo xtask page-bench`: generated files on the page in Chromium, with one worker and with two, beside
//! the command on one thread. `tests/page/measure.mjs` measures; the table goes to standard output, or
//! with a folder's name behind it into the `page.md` of that folder. `--points 1M` before that takes one file
//! of so many points, and `TSDBPROOF_RUNS=1` one run in place of three.

use std::{
    env,
    fs::{self, File},
    path::{Path, PathBuf},
};

use crate::{shell, test, web};

/// How many points the files have: 349 MB, and 4 GiB of 31,000 series.
const POINTS: [&str; 2] = ["5M", "62M"];
const FILE: &str = "backup.scan.txt";

pub(crate) fn run(args: &[String]) -> Result<(), String> {
    let (points, rest) = match args {
        [flag, points, rest @ ..] if flag == "--points" => (vec![points.as_str()], rest),
        rest => (POINTS.to_vec(), rest),
    };
    let folder = match rest {
        [] => None,
        [folder] if !folder.starts_with('-') => Some(Path::new(folder)),
        _ => {
            return Err(
                "page-bench takes --points COUNT and the folder of a run, or nothing".to_owned()
            );
        }
    };
    let space = test::browser()?;
    web::run(&[])?;
    let mut measure = shell::command("node", &["tests/page/measure.mjs"]);
    measure.arg(shell::build_command()?).env("TSDBPROOF_PAGE_SPACE", space);
    for points in points {
        measure.arg(generated(points)?);
    }
    let Some(folder) = folder else { return shell::run(measure) };
    let path = shell::root().join(folder).join("page.md");
    let table = shell::output(measure)?;
    fs::write(&path, table).map_err(|error| format!("{}: {error}", path.display()))
}

/// A file of so many points, made where it is not there.
fn generated(points: &str) -> Result<PathBuf, String> {
    let folder = shell::target().join("bench/data").join(points);
    let (path, unfinished) = (folder.join(FILE), folder.join("unfinished"));
    if !path.exists() {
        let failed = |error| format!("{}: {error}", folder.display());
        fs::create_dir_all(&folder).map_err(failed)?;
        let program = env::current_exe().map_err(failed)?;
        let mut make = shell::command(program, &["bench", "generate", FILE, "--points", points]);
        make.stdout(File::create(&unfinished).map_err(failed)?);
        shell::run(make)?;
        fs::rename(&unfinished, &path).map_err(failed)?;
    }
    Ok(path)
}
