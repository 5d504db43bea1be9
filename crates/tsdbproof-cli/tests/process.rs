//! The command as a process: what variables, a file of settings, a terminal and shells make of it.
//!
//! Only here: a test in process has no variables of its own, and cargo gives the binary to no other
//! package. A shell or a linter that is not installed is passed over, unless `TSDBPROOF_NO_SKIP=1`.

use std::{
    ffi::OsStr,
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use tempfile::{TempDir, tempdir};

/// An archive of 960 points.
const ARCHIVE: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/data/opentsdb/salt-import.txt");
const COLOUR: &str = "\u{1b}[";

/// The command, with these variables and no others that it looks at.
fn tsdbproof(variables: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tsdbproof"));
    command.env_clear().envs(variables.iter().copied()).current_dir(std::env::temp_dir());
    command
}

/// What a command prints, and its exit code.
fn ran(command: &mut Command) -> (String, String, i32) {
    let Output { stdout, stderr, status } = command.output().expect("it can be started");
    let text = |bytes| String::from_utf8(bytes).expect("it prints UTF-8");
    (text(stdout), text(stderr), status.code().expect("it ends by itself"))
}

/// What a command prints that ends well and has nothing to complain of.
fn printed(command: &mut Command) -> String {
    let (out, err, code) = ran(command);
    assert_eq!((err.as_str(), code), ("", 0), "{out}");
    out
}

/// Whether a program is there. Without it, a test is passed over.
fn is_there(program: &str) -> bool {
    let found = Command::new(program).arg("--version").output().is_ok();
    let skips = std::env::var_os("TSDBPROOF_NO_SKIP").is_none_or(|value| value != "1");
    assert!(found || skips, "{program} is not installed");
    found
}

/// A folder with a file in it.
fn folder_with(name: &str, text: &str) -> (TempDir, PathBuf) {
    let folder = tempdir().expect("a folder");
    let path = folder.path().join(name);
    fs::create_dir_all(path.parent().expect("it has one")).expect("a folder");
    fs::write(&path, text).expect("a file");
    (folder, path)
}

/// The line of a setting.
fn setting(shown: &str, flag: &str) -> String {
    let is_of = |line: &&str| line.trim_start_matches("# ").split(' ').next() == Some(flag);
    let line = shown.lines().find(is_of).unwrap_or_else(|| panic!("no {flag} in\n{shown}"));
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_flag_wins_over_its_variable_over_the_file_over_the_default() {
    let (home, file) = folder_with(".config/tsdbproof.toml", "limit = 5\nmemory = \"64MiB\"\n");
    let home = home.path().to_str().expect("UTF-8");
    let file = file.to_str().expect("UTF-8");
    let variables = [("HOME", home), ("TSDBPROOF_LIMIT", "6")];
    let shown = |flags: &[&str]| {
        printed(tsdbproof(&variables).args(["config", "show", "verify"]).args(flags))
    };
    assert!(shown(&[]).starts_with(&format!("# {file}\n")));
    assert_eq!(setting(&shown(&["--limit", "7"]), "limit"), "limit = 7 # the command line");
    assert_eq!(setting(&shown(&[]), "limit"), "limit = 6 # TSDBPROOF_LIMIT");
    assert_eq!(setting(&shown(&[]), "memory"), format!("memory = \"64MiB\" # {file}:2"));
    assert_eq!(setting(&shown(&[]), "profile"), "profile = \"exact\" # default");
    assert_eq!(setting(&shown(&[]), "threads"), "# threads # default: one for each core");
}

#[test]
fn what_is_shown_is_what_a_verb_does() {
    let (_folder, file) = folder_with("t.toml", "[show]\nreport = \"json\"\n");
    let file = file.to_str().expect("UTF-8");
    let show = |variables: &[(&str, &str)], flags: &[&str]| {
        printed(tsdbproof(variables).arg("show").arg(ARCHIVE).args(flags))
    };
    let text = show(&[], &[]);
    assert!(text.starts_with("source "), "{text}");
    let json = show(&[("TSDBPROOF_CONFIG", file)], &[]);
    assert!(json.starts_with("{\"message_type\":\"summary\""), "{json}");
    assert_eq!(show(&[], &["--config", file]), json);
    assert_eq!(show(&[("TSDBPROOF_REPORT", "json")], &[]), json);
    assert_eq!(show(&[("TSDBPROOF_REPORT", "text")], &["--config", file]), text);
    assert_eq!(show(&[("TSDBPROOF_CONFIG", file)], &["--report", "text"]), text);
    assert_eq!(show(&[("TSDBPROOF_QUIET", "1")], &[]), "");
    // Nothing but the command line can turn a job into an explanation.
    assert_eq!(show(&[("TSDBPROOF_EXPLAIN", "1")], &[]), text);
}

#[test]
fn a_shown_file_can_be_read_back() {
    let all = printed(tsdbproof(&[("TSDBPROOF_LIMIT", "6")]).args(["config", "show"]));
    let (_folder, file) = folder_with("t.toml", &all);
    let again = printed(tsdbproof(&[]).args(["config", "show", "--config"]).arg(&file));
    let value = |line: &str| line.split("  # ").next().unwrap_or_default().to_owned();
    let values = |text: &str| text.lines().skip(1).map(value).collect::<Vec<_>>();
    assert_eq!(values(&again), values(&all));
}

#[test]
fn what_is_required_may_stand_in_a_variable_or_in_the_file() {
    let (folder, file) =
        folder_with("t.toml", "[manifest]\noutput = \"of-file.arrow\"\nquiet = true\n");
    let manifest = |variables: &[(&str, &str)]| {
        let mut command = tsdbproof(variables);
        command.current_dir(folder.path()).args(["manifest", ARCHIVE, "--config"]).arg(&file);
        assert_eq!(printed(&mut command), "");
    };
    manifest(&[]);
    manifest(&[("TSDBPROOF_OUTPUT", "of-variable.arrow")]);
    for name in ["of-file.arrow", "of-variable.arrow"] {
        assert!(folder.path().join(name).is_file(), "{name}");
    }
    let (_, err, code) = ran(tsdbproof(&[]).args(["manifest", ARCHIVE]));
    assert!(code == 2 && err.contains("--output <FILE>"), "{err}");
}

#[test]
fn a_mistyped_format_is_answered_with_the_nearest() {
    let (_, err, code) = ran(tsdbproof(&[]).args(["show", ARCHIVE, "--format", "import-txt"]));
    assert_eq!(code, 2);
    assert!(err.contains("a similar value exists: 'import-text'"), "{err}");
}

#[test]
fn settings_that_can_not_be_are_refused_and_help_is_not() {
    let (_folder, file) = folder_with("t.toml", "limt = 2\n");
    let run = |args: &[&str]| ran(tsdbproof(&[]).arg("--config").arg(&file).args(args));
    let (out, err, code) = run(&["show", ARCHIVE]);
    let told = "line 1: there is no setting \"limt\"\nhelp: did you mean limit?\n";
    assert_eq!((out.as_str(), code), ("", 2));
    assert!(err.starts_with("error: ") && err.ends_with(told), "{err}");
    assert_eq!(run(&["show", "--help"]).2, 0);
    let (_, err, code) = ran(tsdbproof(&[("TSDBPROOF_LIMIT", "many")]).args(["show", ARCHIVE]));
    assert_eq!(code, 2);
    assert_eq!(err, "error: TSDBPROOF_LIMIT=\"many\": invalid digit found in string\n");
}

#[test]
fn colours_follow_flags_then_variables_then_the_terminal() {
    let has_colours = |variables: &[(&str, &str)], flags: &[&str]| {
        let out = printed(tsdbproof(variables).args(["show", ARCHIVE]).args(flags));
        out.contains(COLOUR)
    };
    assert!(!has_colours(&[], &[]), "a pipe has none");
    assert!(has_colours(&[("CLICOLOR_FORCE", "1")], &[]));
    assert!(!has_colours(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], &[]));
    assert!(has_colours(&[("NO_COLOR", "1")], &["--color", "always"]));
    assert!(!has_colours(&[("CLICOLOR_FORCE", "1")], &["--color", "never"]));
    assert!(has_colours(&[("TSDBPROOF_COLOR", "always")], &[]));
    let messages = |variables: &[(&str, &str)], flags: &[&str]| {
        let (_, err, code) = ran(tsdbproof(variables).args(["show", "none"]).args(flags));
        assert_eq!(code, 2);
        err.contains(COLOUR)
    };
    assert!(!messages(&[], &[]));
    assert!(messages(&[("CLICOLOR_FORCE", "1")], &[]));
    assert!(messages(&[], &["--color", "always"]));
    assert!(!messages(&[("CLICOLOR_FORCE", "1")], &["--color", "never"]));
    // What is mistyped is told before anything else is read.
    let usage = ran(tsdbproof(&[("CLICOLOR_FORCE", "1")]).arg("shwo")).1;
    assert!(usage.contains(COLOUR));
    assert!(!ran(tsdbproof(&[]).arg("shwo")).1.contains(COLOUR));
}

#[test]
fn a_terminal_has_colours_unless_it_is_dumb() {
    if !is_there("script") {
        return;
    }
    let on_terminal = |variables: &[(&str, &str)]| {
        let mut script = Command::new("script");
        let line = format!("{} show {ARCHIVE} --progress never", env!("CARGO_BIN_EXE_tsdbproof"));
        script.args(["--quiet", "--return", "--command", &line, "/dev/null"]);
        // With CI set, colours are shown whatever the terminal is (anstyle-query).
        for variable in ["NO_COLOR", "CLICOLOR_FORCE", "CLICOLOR", "CI"] {
            script.env_remove(variable);
        }
        let (out, _, code) = ran(script.envs(variables.iter().copied()));
        assert_eq!(code, 0, "{out}");
        out.contains(COLOUR)
    };
    assert!(on_terminal(&[("TERM", "xterm")]));
    assert!(!on_terminal(&[("TERM", "xterm"), ("NO_COLOR", "1")]));
    assert!(!on_terminal(&[("TERM", "dumb")]));
}

/// The script of a shell, in a file.
fn completions(shell: &str) -> (TempDir, PathBuf) {
    folder_with("script", &printed(tsdbproof(&[]).args(["completions", shell])))
}

/// The lines that a shell prints for a script with this argument.
fn shell(program: &str, flags: &[&str], script: &str, argument: &Path) -> Vec<String> {
    let args = flags.iter().map(OsStr::new);
    let mut command = Command::new(program);
    command.args(args).arg("-c").arg(script).arg("test").arg(argument);
    let (out, err, code) = ran(&mut command);
    assert_eq!((err.as_str(), code), ("", 0), "{program}: {out}");
    out.lines().map(str::to_owned).collect()
}

#[test]
fn bash_completes_verbs_flags_and_values() {
    let (_folder, script) = completions("bash");
    let complete = |words: &[&str]| {
        let [.., before, last] = words else { panic!("at least two words") };
        let at = words.len() - 1;
        let line = format!(
            "source \"$1\"; COMP_WORDS=({}); COMP_CWORD={at}; _tsdbproof tsdbproof '{last}' \
             '{before}'; printf '%s\\n' \"${{COMPREPLY[@]}}\"",
            words.join(" ")
        );
        shell("bash", &["--norc"], &line, &script)
    };
    assert_eq!(complete(&["tsdbproof", "ver"]), ["verify"]);
    assert_eq!(complete(&["tsdbproof", "manifest", "mer"]), ["merge"]);
    assert_eq!(complete(&["tsdbproof", "verify", "--prof"]), ["--profile"]);
    assert_eq!(complete(&["tsdbproof", "verify", "--ver"]), ["--version"]);
    assert_eq!(complete(&["tsdbproof", "show", "--split"]), [""], "it is hidden");
    assert_eq!(complete(&["tsdbproof", "verify", "--profile", "f"]), ["f32"]);
    assert_eq!(complete(&["tsdbproof", "show", "--format", "import"]), ["import-text"]);
    assert_eq!(complete(&["tsdbproof", "completions", "pow"]), ["powershell"]);
    let registered = shell("bash", &["--norc"], "source \"$1\"; complete -p tsdbproof", &script);
    assert!(registered.join("\n").contains("-F _tsdbproof"), "{registered:?}");
}

#[test]
fn zsh_takes_the_script_for_the_command() {
    if !is_there("zsh") {
        return;
    }
    let (folder, script) = completions("zsh");
    let named = folder.path().join("_tsdbproof");
    fs::copy(script, named).expect("a copy");
    let line = "zsh -n \"$1/_tsdbproof\" && fpath=(\"$1\" $fpath) && autoload -U compinit && \
                compinit -D -u && print $_comps[tsdbproof]";
    assert_eq!(shell("zsh", &["-f"], line, folder.path()), ["_tsdbproof"]);
}

#[test]
fn fish_completes_verbs_flags_and_values() {
    if !is_there("fish") {
        return;
    }
    let (_folder, script) = completions("fish");
    let complete = |line: &str| {
        let line = format!("source {}; complete --do-complete '{line}'", script.display());
        let lines = shell("fish", &["--no-config"], &line, &script);
        lines
            .iter()
            .map(|line| line.split('\t').next().unwrap_or_default().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(complete("tsdbproof ver"), ["verify"]);
    assert_eq!(complete("tsdbproof verify --prof"), ["--profile"]);
    assert_eq!(complete("tsdbproof verify --profile f"), ["f32"]);
}

#[test]
fn manual_pages_are_sound() {
    let folder = tempdir().expect("a folder");
    let epoch = [("SOURCE_DATE_EPOCH", "1700000000")];
    assert_eq!(printed(tsdbproof(&epoch).args(["man", "--dir"]).arg(folder.path())), "");
    let entries = fs::read_dir(folder.path()).expect("a folder");
    let mut pages: Vec<PathBuf> = entries.map(|entry| entry.expect("a file").path()).collect();
    pages.sort();
    let names: Vec<_> = pages.iter().filter_map(|path| path.file_name()?.to_str()).collect();
    for verb in ["", "-verify", "-manifest-merge", "-config-show", "-formats"] {
        assert!(names.contains(&format!("tsdbproof{verb}.1").as_str()), "{names:?}");
    }
    let verify = fs::read_to_string(folder.path().join("tsdbproof-verify.1")).expect("a page");
    assert_eq!(printed(tsdbproof(&epoch).args(["man", "verify"])), verify);
    assert!(verify.contains("2023\\-11\\-14") || verify.contains("2023-11-14"), "{verify}");
    for heading in ["NAME", "SYNOPSIS", "OPTIONS", "FILTERS", "EXAMPLES", "\"EXIT STATUS\""] {
        assert!(verify.contains(&format!("\n.SH {heading}\n")), "{heading}");
    }
    for (linter, flags) in
        [("mandoc", &["-T", "lint", "-W", "warning"][..]), ("groff", &["-man", "-ww", "-z"])]
    {
        if !is_there(linter) {
            continue;
        }
        for page in &pages {
            let (out, err, _) = ran(Command::new(linter).args(flags).arg(page));
            assert_eq!((out.as_str(), err.as_str()), ("", ""), "{linter} {}", page.display());
        }
    }
}

#[test]
fn a_signal_ends_a_job_that_waits_and_leaves_nothing_behind() {
    let (folder, out) = folder_with("unused", "");
    let out = out.with_file_name("backup.manifest");
    let temp_dir = tempdir().unwrap();
    let mut command = tsdbproof(&[]);
    command.arg("manifest").arg("-").arg("-o").arg(&out).arg("--temp-dir").arg(temp_dir.path());
    let pipes = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = pipes.spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    // More than a pipe holds, so the job has begun; it has no end, so the job waits.
    let line = |i: u64| format!("cpu.user {} {i} host=a\n", 1_700_000_000 + i);
    (0..200_000).for_each(|i| input.write_all(line(i).as_bytes()).unwrap());
    let open = fs::read_dir(format!("/proc/{}/fd", child.id())).unwrap();
    let mut open = open.filter_map(|fd| fs::read_link(fd.unwrap().path()).ok());
    assert!(
        open.any(|file| file.starts_with(temp_dir.path())),
        "no scratch space where it was named"
    );
    let signal = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(signal.unwrap().success());
    let ended = child.wait_with_output().unwrap();
    drop(input);
    let said = String::from_utf8(ended.stderr).unwrap();
    assert_eq!((ended.status.code(), said.contains("interrupted")), (Some(130), true), "{said}");
    for folder in [folder.path(), temp_dir.path()] {
        let left = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
        assert_eq!(left.filter(|name| name != "unused").count(), 0);
    }
}
