//! Command lines of the program, run in process, in a folder of their own.

use std::{ffi::OsString, fs, io, os::unix::fs::symlink, path::Path, sync::OnceLock};

use sha2::{Digest, Sha256};
use tsdbproof_cli::{Environment, Machine, Stop, run};

use crate::judge::hex;

/// 2026-11-22T12:00:00Z: the time now, for every test.
const NOW_MS: u64 = 1_795_348_800_000;

/// Makes the folder in which command lines run the current one: empty, but for a link to `tests/`.
pub(crate) fn enter() {
    static ENTERED: OnceLock<()> = OnceLock::new();
    ENTERED.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("session");
        let prepare = || -> io::Result<()> {
            if folder.exists() {
                fs::remove_dir_all(&folder)?;
            }
            fs::create_dir_all(&folder)?;
            symlink(env!("CARGO_MANIFEST_DIR"), folder.join("tests"))?;
            std::env::set_current_dir(&folder)
        };
        prepare().unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    });
}

/// What a command line gave.
pub(crate) struct Ran {
    pub(crate) out: String,
    pub(crate) err: String,
    pub(crate) code: u8,
}

/// Runs a command line, `tsdbproof …`.
pub(crate) fn tsdbproof(line: &str) -> Ran {
    enter();
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let machine = Machine {
        stdin: Box::new(io::empty()),
        out: &mut out,
        err: &mut err,
        out_is_terminal: false,
        err_is_terminal: false,
        out_has_colours: false,
        err_has_colours: false,
        environment: Environment::default(),
        now_ms: NOW_MS,
        stop: Stop::default(),
        kept: None,
    };
    let code = run(words(line).into_iter().map(OsString::from), machine);
    let text = |bytes| String::from_utf8(bytes).expect("reports are UTF-8");
    Ran { out: text(out), err: text(err), code }
}

/// The words of a command line; `'…'` holds blanks and patterns together.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word) = (Vec::new(), None::<String>);
    for (index, part) in line.split('\'').enumerate() {
        if index % 2 == 1 {
            word.get_or_insert_default().push_str(part);
            continue;
        }
        for (index, plain) in part.split(' ').enumerate() {
            if index > 0 {
                words.extend(word.take());
            }
            if !plain.is_empty() {
                word.get_or_insert_default().push_str(plain);
            }
        }
    }
    words.extend(word);
    words
}

/// A command line with all that came of it: output, messages, exit code, the file it wrote.
pub(crate) fn transcript(line: &str) -> String {
    let Ran { out, err, code } = tsdbproof(line);
    let mut text = format!("$ {line}\n{out}");
    if !out.is_empty() && !out.ends_with('\n') {
        text.push('\n');
    }
    for message in err.lines() {
        text += &format!("! {message}\n");
    }
    if let Some((_, path)) = line.split_once(" -o ")
        && let Some(path) = path.split(' ').next()
    {
        text += &match fs::read(path) {
            Ok(bytes) => format!("[{path}: SHA-256 {}]\n", hex(&Sha256::digest(bytes))),
            Err(_) => format!("[{path}: not written]\n"),
        };
    }
    text + &format!("[exit code {code}]\n")
}

#[test]
fn quotes_hold_words_together() {
    assert_eq!(words("a 'b c' d='*.gz'  e"), ["a", "b c", "d=*.gz", "e"]);
}
