//! Names that can't be opened, and what to do about them.

use std::{ffi::OsStr, path::Path};

use tsdbproof::{Error, FORMATS, Kind, shown};

use crate::{
    PATH_CHARS, name_of,
    opentsdb::{base, is_server},
};

/// A stream under two names.
pub(crate) fn read_twice(name: &str) -> Error {
    Error::usage("is named twice, but a stream can be read only once")
        .in_file(name)
        .help("write it to a file first, and name that")
}

/// Bytes of no format.
pub(crate) fn unknown(name: &str, why: &str) -> Error {
    let formats: Vec<_> = FORMATS.iter().map(|format| format.name).collect();
    let formats = formats.join(", ");
    Error::new(Kind::Unsupported, why)
        .in_file(name)
        .help(format!("read are {formats}, as `tsdbproof formats` tells; --format overrules"))
}

/// A folder or pattern without a file.
pub(crate) fn nothing(path: &Path, what: &str) -> Error {
    Error::usage(what)
        .in_file(name_of(path))
        .help("check the name; hidden files, _SUCCESS and *.crc are passed over")
}

/// Refuses an address that can't be opened before it is written anywhere: a password may stand in it.
pub fn check_address(name: &OsStr) -> Result<(), Error> {
    match name.to_str() {
        Some(address) if is_server(address) => base(address).map(drop),
        Some(address) if address.contains("://") && !Path::new(name).exists() => {
            Err(missing(Path::new(name)))
        }
        _ => Ok(()),
    }
}

/// An address without the name and password that may stand in it.
fn without_login(address: &str) -> String {
    let (scheme, rest) = address.split_once("://").unwrap_or_default();
    let rest = rest.rsplit_once('@').map_or(rest, |(_, rest)| rest);
    shown(format!("{scheme}://{rest}"), PATH_CHARS)
}

/// A name that stands for nothing.
pub(crate) fn missing(path: &Path) -> Error {
    let name = path.to_string_lossy();
    if let Some((scheme, _)) = name.split_once("://") {
        let what = format!("{}:// is not supported yet", shown(scheme, PATH_CHARS));
        return Error::new(Kind::Unsupported, what)
            .in_file(without_login(&name))
            .help("copy it to this machine, or pipe it: … | tsdbproof … -");
    }
    let error = Error::usage("no such file").in_file(name_of(path));
    match name.as_ref() {
        "merge" => error
            .help("to join manifests, write merge first: tsdbproof manifest merge FILE… -o FILE"),
        _ => error.help("check the name, and the folder that it starts from"),
    }
}
