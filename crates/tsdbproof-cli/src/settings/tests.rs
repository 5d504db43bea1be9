//! Which layer wins, and what is refused where.

use std::fs;

use clap::CommandFactory;

use super::*;
use crate::command::Cli;

/// Settings of a file with this text, and of these variables.
fn settings(text: &str, variables: &[(&str, &str)]) -> Result<Settings, Error> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.toml");
    fs::write(&path, text).unwrap();
    let environment = variables.iter().copied().collect();
    Settings::load(environment, Some(path), &Cli::command())
}

/// What a flag of a verb is set to, with the name of what set it.
fn found(settings: &Settings, verb: &[&str], flag: &str) -> Option<(Vec<String>, String)> {
    let (command, verb) = (Cli::command(), verb.iter().map(|name| (*name).to_owned()));
    let verb: Vec<String> = verb.collect();
    let command = command_of(&command, &verb).unwrap();
    let arg = command.get_arguments().find(|arg| arg.get_long() == Some(flag)).unwrap();
    let setting = settings.of(Some(&verb), arg).unwrap()?;
    let values = setting.values.iter().map(|value| value.to_str().unwrap().to_owned());
    let origin = setting.origin.rsplit('/').next().unwrap().to_owned();
    Some((values.collect(), origin))
}

/// The error of such a file, without the folder's name.
fn refused(text: &str) -> String {
    let error = settings(text, &[]).unwrap_err().to_string();
    error.split_once("t.toml: ").expect("the file is named").1.to_owned()
}

#[test]
fn the_innermost_layer_wins() {
    let text = "limit = 5\nstrict = true\n[verify]\nlimit = 6\n[manifest]\nlimit = 7\n\
                [manifest.merge]\nlimit = 8\n";
    let file = settings(text, &[("TSDBPROOF_QUIET", "yes")]).unwrap();
    let of = |verb: &[&str], flag| found(&file, verb, flag).unwrap();
    let value = |text: &str, origin: &str| (vec![text.to_owned()], origin.to_owned());
    assert_eq!(of(&["show"], "limit"), value("5", "t.toml:1"));
    assert_eq!(of(&["verify"], "limit"), value("6", "t.toml:4"));
    assert_eq!(of(&["manifest"], "limit"), value("7", "t.toml:6"));
    assert_eq!(of(&["manifest", "merge"], "limit"), value("8", "t.toml:8"));
    assert_eq!(of(&["diff"], "strict"), value("true", "t.toml:2"));
    assert_eq!(of(&["diff"], "quiet"), value("true", "TSDBPROOF_QUIET"));
    assert_eq!(found(&file, &["diff"], "memory"), None);
    let both = settings(text, &[("TSDBPROOF_LIMIT", "9"), ("TSDBPROOF_STRICT", "off")]).unwrap();
    assert_eq!(found(&both, &["verify"], "limit"), Some(value("9", "TSDBPROOF_LIMIT")));
    assert_eq!(found(&both, &["verify"], "strict"), Some(value("false", "TSDBPROOF_STRICT")));
    let empty = settings(text, &[("TSDBPROOF_LIMIT", "")]).unwrap();
    assert_eq!(found(&empty, &["verify"], "limit"), Some(value("6", "t.toml:4")));
}

#[test]
fn values_may_be_texts_numbers_times_switches_and_lists() {
    let text = "from = 2026-03-02T14:00:00+01:00\nmemory = \"2 GiB\"\nmax-line = 0x1_000\n\
                metric = [\"a*\", \"b\"]\nreport = []\ntag = \"host=web*\"\nverify.threads = 2\n";
    let file = settings(text, &[]).unwrap();
    let of = |flag| found(&file, &["verify"], flag).unwrap().0;
    assert_eq!(of("from"), ["2026-03-02T14:00:00+01:00"]);
    assert_eq!(of("memory"), ["2 GiB"]);
    assert_eq!(of("max-line"), ["4096"]);
    assert_eq!(of("metric"), ["a*", "b"]);
    assert_eq!(of("tag"), ["host=web*"]);
    assert_eq!(of("report"), [""; 0]);
    file.apply(Cli::command(), &["verify".to_owned()]).unwrap().debug_assert();
    assert_eq!(of("threads"), ["2"]);
}

#[test]
fn a_fault_in_the_file_is_told_with_its_line_and_a_guess() {
    for (text, told) in [
        (
            "limit = 1\nlimt = 2\n",
            "line 2: there is no setting \"limt\"\nhelp: did you mean limit?",
        ),
        ("[verfy]\nlimit = 2\n", "line 1: there is no verb \"verfy\"\nhelp: did you mean verify?"),
        (
            "[show]\nprofile = \"f32\"\n",
            "line 2: there is no setting \"profile\"\nhelp: a setting is one of ",
        ),
        ("explain = true\n", "line 1: there is no setting \"explain\"\n"),
        ("config = \"x\"\n", "line 1: there is no setting \"config\"\n"),
        (
            "\nprofile = \"exakt\"\n",
            "line 2: profile = \"exakt\": no such value; expected one of exact, f32\n\
             help: did you mean \"exact\"?",
        ),
        ("memory = \"lots\"\n", "line 1: memory = \"lots\": a size reads like 4096, 64KiB"),
        ("limit = \"many\"\n", "line 1: limit = \"many\": invalid digit found in string"),
        ("limit = [1, 2]\n", "line 1: limit is a list; expected one value"),
        ("limit = true\n", "line 1: limit is true or false; expected a text or a number"),
        ("strict = \"yes\"\n", "line 1: strict is a text; expected true or false"),
        ("metric = [[\"a\"]]\n", "line 1: metric holds more than texts and numbers"),
        ("limit = 1\nlimit = 2\n", "line 2: duplicate key\nhelp: the file is TOML: "),
        ("limit = \n", "line 1: "),
        ("limit = 1\n[verify\n", "line 2: "),
        (
            "[verify]\nexpect = \"x\"\n",
            "line 2: expect = \"x\": \"x\" is no root and no statement\nhelp: a root reads ",
        ),
        ("limt = 2\n[verfy]\n", "line 1: there is no setting \"limt\"\n"),
        ("limt.x = 2\n", "line 1: there is no verb \"limt\"\n"),
        ("zzz = 1\nlimt = 2\n", "line 1: there is no setting \"zzz\""),
    ] {
        let found = refused(text);
        assert!(found.starts_with(told), "{text}\n{found}");
    }
}

#[test]
fn a_file_that_is_no_text_of_settings_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.toml");
    let load = |path: &Path| {
        let settings = Settings::load(Environment::default(), Some(path.into()), &Cli::command());
        settings.unwrap_err().to_string()
    };
    assert!(load(&path).contains("t.toml: no such file\nhelp: "));
    fs::write(&path, b"limit = 1\n# \xff\n").unwrap();
    assert!(load(&path).ends_with("t.toml: line 2: no UTF-8"));
    fs::write(&path, vec![b'#'; 2 << 20]).unwrap();
    assert!(load(&path).contains("t.toml: larger than 1 MiB"));
    assert!(load(folder.path()).contains("directory"));
}

#[test]
fn every_way_to_damage_a_file_ends_in_settings_or_an_error() {
    let text = "limit = 5\nreport = [\"text\"]\n[verify]\nstrict = true\n";
    let command = Cli::command();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.toml");
    let mut refused = 0;
    let mut try_bytes = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        refused += usize::from(File::read(&path, &command).is_err());
    };
    for cut in 0..text.len() {
        try_bytes(&text.as_bytes()[..cut]);
        let mut flipped = text.as_bytes().to_vec();
        flipped[cut] ^= 0x15;
        try_bytes(&flipped);
    }
    assert!(refused > text.len(), "{refused}");
}

#[test]
fn a_variable_with_a_bad_value_is_named() {
    let settings = settings("", &[("TSDBPROOF_PROFILE", "exakt")]).unwrap();
    let error = settings.apply(Cli::command(), &["diff".to_owned()]).unwrap_err().to_string();
    assert_eq!(
        error,
        "TSDBPROOF_PROFILE=\"exakt\": no such value; expected one of exact, f32\n\
         help: did you mean \"exact\"?"
    );
    // Verbs without such a flag don't care.
    settings.apply(Cli::command(), &["formats".to_owned()]).unwrap();
}

#[test]
fn the_users_file_lies_where_the_system_says() {
    let of = |variables: &[(&str, &str)]| {
        let environment: Environment = variables.iter().copied().collect();
        environment.user_file()
    };
    let path = |text: &str| Some(PathBuf::from(text));
    let home = ("HOME", "/home/u");
    assert_eq!(of(&[home]), path("/home/u/.config/tsdbproof.toml"));
    assert_eq!(of(&[home, ("XDG_CONFIG_HOME", "/x")]), path("/x/tsdbproof.toml"));
    // A relative one counts as none, says the XDG specification.
    assert_eq!(of(&[home, ("XDG_CONFIG_HOME", "x")]), path("/home/u/.config/tsdbproof.toml"));
    assert_eq!(of(&[]), None);
}

#[test]
fn a_variable_of_no_flag_is_noticed() {
    let variables = [("TSDBPROOF_MEMROY", "1"), ("TSDBPROOF_MEMORY", "1"), ("PATH", "x")];
    let environment = variables.into_iter().collect();
    let settings = Settings { environment, file: None, no_file: None };
    let guess = Some("TSDBPROOF_MEMORY".to_owned());
    assert_eq!(settings.strangers(&Cli::command()), [("TSDBPROOF_MEMROY".to_owned(), guess)]);
}

#[test]
fn every_flag_can_be_set_by_its_variable_and_by_the_file() {
    let command = Cli::command();
    let mut verbs = vec![(Vec::new(), &command)];
    let mut flags = 0;
    while let Some((verb, command)) = verbs.pop() {
        for inner in command.get_subcommands() {
            verbs.push(([verb.as_slice(), &[inner.get_name().to_owned()]].concat(), inner));
        }
        for arg in command.get_arguments().filter(|arg| arg.get_long().is_some()) {
            let Some(flag) = setting_name(arg) else {
                assert!(["config", "explain", "write"].contains(&arg.get_long().unwrap()));
                continue;
            };
            flags += 1;
            // A value that every kind of flag refuses but those that take any text.
            let table =
                if verb.is_empty() { String::new() } else { format!("[{}]\n", verb.join(".")) };
            let value = if is_switch(arg) { "true" } else { "\"1\"" };
            let told = settings(&format!("{table}{flag} = {value}\n"), &[]);
            let is_known = told.as_ref().map_or_else(
                |error| !error.to_string().contains("there is no setting"),
                |settings| settings.of(Some(&verb), arg).unwrap().is_some(),
            );
            assert!(is_known, "{flag}: {told:?}");
            let name = variable(flag);
            assert!(name.chars().all(|c| c == '_' || c.is_ascii_uppercase() || c.is_ascii_digit()));
            let told = settings("", &[(&name, "1")]).unwrap().of(Some(&verb), arg);
            assert!(told.map_or(true, |setting| setting.is_some()), "{name}");
        }
    }
    assert!(flags > 60, "{flags}");
}
