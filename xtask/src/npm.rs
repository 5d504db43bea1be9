//! Packages of npm, pinned by a lock file that stands in the repository, installed under `target/`.

use std::{fs, path::Path};

use crate::shell;

/// Installs what `package.json` in `folder` of the repository names, into `space`. No script of a
/// package is run. Nothing is done where the same lock file was installed before.
pub(crate) fn install(folder: &str, space: &Path) -> Result<(), String> {
    let from = shell::root().join(folder);
    let read = |path: &Path| fs::read(path).map_err(|error| format!("{}: {error}", path.display()));
    let lock = read(&from.join("package-lock.json"))?;
    let installed = space.join("node_modules/installed.json");
    if fs::read(&installed).is_ok_and(|before| before == lock) {
        return Ok(());
    }
    let write = |path: &Path, bytes: &[u8]| {
        fs::write(path, bytes).map_err(|error| format!("{}: {error}", path.display()))
    };
    fs::create_dir_all(space).map_err(|error| format!("{}: {error}", space.display()))?;
    write(&space.join("package.json"), &read(&from.join("package.json"))?)?;
    write(&space.join("package-lock.json"), &lock)?;
    let mut install =
        shell::command("npm", &["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]);
    install.current_dir(space);
    shell::run(install)?;
    write(&installed, &lock)
}
