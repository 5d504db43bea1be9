//! What steps need, and how it gets onto the machine: by rustup, pip, or apt-get as root.

use std::path::{Path, PathBuf};

use super::Stop;
use crate::{npm, shell};

/// A program, how to see that it is there, and the Debian package that brings it.
struct Tool {
    name: &'static str,
    probe: &'static [&'static str],
    package: &'static str,
}

const NODE: Tool = Tool { name: "node", probe: &["node", "--version"], package: "nodejs" };
const NPM: Tool = Tool { name: "npm", probe: &["npm", "--version"], package: "npm" };
const CHROMIUM: Tool =
    Tool { name: "Chromium", probe: &["chromium", "--version"], package: "chromium" };
/// Without them Chromium draws boxes in place of Chinese.
const FONTS: Tool = Tool {
    name: "fonts",
    probe: &["sh", "-c", "test -d /usr/share/fonts/opentype/noto"],
    package: "fonts-noto-cjk",
};
const VENV: Tool = Tool {
    name: "python3 with venv",
    probe: &["python3", "-c", "import ensurepip, venv"],
    package: "python3-venv",
};
const JAVA: Tool =
    Tool { name: "a JDK", probe: &["javac", "-version"], package: "openjdk-17-jdk-headless" };
const MAVEN: Tool = Tool { name: "Maven", probe: &["mvn", "--version"], package: "maven" };

const SHELLS: [Tool; 5] = [
    Tool { name: "zsh", probe: &["zsh", "--version"], package: "zsh" },
    Tool { name: "fish", probe: &["fish", "--version"], package: "fish" },
    Tool { name: "mandoc", probe: &["mandoc", "-W", "error", "/dev/null"], package: "mandoc" },
    Tool { name: "groff", probe: &["groff", "--version"], package: "groff" },
    Tool { name: "script", probe: &["script", "--version"], package: "bsdutils" },
];

impl Tool {
    fn is_there(&self) -> bool {
        self.probe.split_first().is_some_and(|(program, args)| shell::works(program, args))
    }
}

/// Installs the tools that are missing. Errors: one of them is still missing.
fn tools(tools: &[&Tool]) -> Result<(), Stop> {
    let missing: Vec<_> = tools.iter().filter(|tool| !tool.is_there()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let packages: Vec<_> = missing.iter().map(|tool| tool.package).collect();
    let names = missing.iter().map(|tool| tool.name).collect::<Vec<_>>().join(", ");
    let by_hand = format!("install the Debian packages {}", packages.join(" "));
    let is_root = shell::output(shell::command("id", &["-u"])).is_ok_and(|id| id.trim() == "0");
    if !is_root || !shell::works("apt-get", &["--version"]) {
        return Err(Stop::Skipped(format!("{names} missing; {by_hand}")));
    }
    let mut install = vec!["install", "--yes", "--no-install-recommends"];
    install.extend(packages);
    for args in [&["update"], install.as_slice()] {
        let mut apt = shell::command("apt-get", args);
        apt.env("DEBIAN_FRONTEND", "noninteractive");
        let missing = |error| Stop::Skipped(format!("{names} missing: {error}; {by_hand}"));
        shell::run(apt).map_err(missing)?;
    }
    match tools.iter().find(|tool| !tool.is_there()) {
        None => Ok(()),
        Some(tool) => Err(Stop::Skipped(format!("{} is installed, but does not run", tool.name))),
    }
}

/// Shells with completions, and what judges manual pages.
pub(super) fn shells() -> Result<(), Stop> {
    tools(&SHELLS.each_ref())
}

/// The target of the page and of the npm package, and what runs it.
pub(super) fn wasm() -> Result<(), Stop> {
    const TARGET: &str = "wasm32-unknown-unknown";
    let libraries =
        shell::output(shell::command("rustc", &["--print", "target-libdir", "--target", TARGET]));
    if !libraries.is_ok_and(|path| PathBuf::from(path.trim()).is_dir()) {
        shell::run(shell::command("rustup", &["target", "add", TARGET]))
            .map_err(|error| Stop::Skipped(format!("no target {TARGET}: {error}")))?;
    }
    tools(&[&NODE, &NPM])
}

/// Where what drives a browser is installed, and where its screenshots go.
pub(super) fn page_space() -> PathBuf {
    shell::target().join("page")
}

/// A browser, and the pinned packages of `tests/page`.
pub(super) fn browser() -> Result<(), Stop> {
    wasm()?;
    tools(&[&CHROMIUM, &FONTS])?;
    npm_ci("tests/page", &page_space())
}

/// What validates SARIF: Microsoft's own tool.
pub(super) fn sarif_multitool() -> Result<PathBuf, Stop> {
    tools(&[&NODE, &NPM])?;
    let space = shell::target().join("interop/npm");
    npm_ci("tests/interop", &space)?;
    let program = space.join("node_modules/@microsoft/sarif-multitool-linux/Sarif.Multitool");
    // The package sets this bit in a script, and scripts of packages are not run.
    let mut allow = shell::command("chmod", &["u+x"]);
    allow.arg(&program);
    shell::run(allow)?;
    Ok(program)
}

/// Installs the packages that a folder of tests pins into a space of their own.
fn npm_ci(tests: &str, space: &Path) -> Result<(), Stop> {
    npm::install(tests, space).map_err(|error| {
        Stop::Skipped(format!("npm can't install the packages of {tests}: {error}"))
    })
}

/// Where Python's packages are installed.
pub(super) fn venv() -> PathBuf {
    shell::target().join("interop/venv")
}

/// A virtual environment with the pinned packages of `tests/interop`.
pub(super) fn python() -> Result<(), Stop> {
    tools(&[&VENV])?;
    let venv = venv();
    let python = venv.join("bin/python");
    if !python.exists() {
        let mut create = shell::command("python3", &["-m", "venv"]);
        create.arg(&venv);
        shell::run(create)?;
    }
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"];
    let mut install = shell::command(python, &pip);
    install.arg("tests/interop/requirements.txt");
    shell::run(install)
        .map_err(|error| Stop::Skipped(format!("pip can't install pyarrow: {error}")))
}

/// A JDK and what fetches OpenTSDB.
pub(super) fn lab() -> Result<(), Stop> {
    tools(&[&VENV, &JAVA, &MAVEN])
}
