//! What a server says of its own settings: whether it shows all that is stored.

use std::{io::BufReader, path::Path};

use serde::Deserialize;
use tsdbproof::{Error, Told, Unread};

use super::{
    ask::{self, Refusal},
    client::Client,
};

#[derive(Deserialize)]
struct Config {
    #[serde(rename = "tsd.storage.fix_duplicates")]
    fix_duplicates: String,
}

/// What is to be said of instants with several values: with `fix_duplicates` OpenTSDB answers one of
/// them, and nobody sees that there are others. Errors: the server can't be had.
pub(super) fn duplicates(client: &Client, temp_dir: &Path) -> Result<Option<Told>, Error> {
    let config = match client.ask(ask::CONFIG, None, temp_dir) {
        Ok(Ok(answer)) => serde_json::from_reader::<_, Config>(BufReader::new(answer.body)).ok(),
        // A proxy may let queries through and nothing else.
        Ok(Err(Refusal::Final(_) | Refusal::Broken(_) | Refusal::Unknown)) => None,
        Ok(Err(Refusal::TooMuch(_) | Refusal::Later(_))) => None,
        Err(error) => return Err(error),
    };
    let setting = "tsd.storage.fix_duplicates";
    Ok(match config {
        Some(config) if config.fix_duplicates.eq_ignore_ascii_case("true") => {
            let why = format!(
                "{setting} is on: where an instant has several values, the server shows one"
            );
            Some(Told::Unread(Unread::hidden(why)))
        }
        Some(_) => None,
        None => Some(Told::Note(format!(
            "the server does not tell its settings (/api/config): with {setting} it would hide which instants have several values"
        ))),
    })
}
