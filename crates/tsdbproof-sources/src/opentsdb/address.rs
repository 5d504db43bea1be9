//! Where a server is: `http://host:port`, with the path in front of `/api` where a proxy has one.

use tsdbproof::{Error, shown};
use ureq::http::Uri;

/// The characters of a name that a message shows.
const NAME_CHARS: usize = 256;

/// Whether a name is a server's.
pub(crate) fn is_server(name: &str) -> bool {
    let scheme = name.split_once("://").map(|(scheme, _)| scheme);
    scheme.is_some_and(|scheme| ["http", "https"].iter().any(|it| scheme.eq_ignore_ascii_case(it)))
}

/// The address in front of `/api`. Errors: it is none, or holds what should not be seen.
pub(crate) fn base(name: &str) -> Result<String, Error> {
    let uri: Option<Uri> = name.parse().ok();
    let host = uri.as_ref().and_then(|uri| uri.authority()).map(|authority| authority.as_str());
    // What may be a password is not repeated.
    if host.is_none_or(|host| host.contains('@')) && name.contains('@') {
        return Err(Error::usage("an address with a name or a password in it: others can see it")
            .help("put them into a file and name that by --auth-file, or into TSDBPROOF_AUTH"));
    }
    let wrong = |what: &str| {
        // Behind these may stand a token.
        let seen = name.split(['?', '#']).next().unwrap_or_default();
        let error = Error::usage(what).in_file(shown(seen, NAME_CHARS));
        error.help("name the server alone, http://HOST:PORT; --metric, --from and --to say what")
    };
    let (Some(uri), Some(_)) = (uri.as_ref(), host) else {
        return Err(wrong("is no address"));
    };
    if uri.query().is_some() || name.contains('#') {
        return Err(wrong("is an address with a query"));
    }
    let path = uri.path().trim_end_matches('/');
    if path.ends_with("/api") || path.contains("/api/") {
        return Err(wrong("is an address with the path of a query"));
    }
    let (scheme, host) = (uri.scheme_str().unwrap_or("http"), host.unwrap_or_default());
    Ok(format!("{scheme}://{host}{path}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_server_and_the_path_of_a_proxy() {
        assert!(is_server("http://a") && is_server("HTTPS://a") && !is_server("hdfs://a"));
        assert!(!is_server("http.txt") && !is_server("http:/a"));
        for (name, expected) in [
            ("http://tsd:4242", "http://tsd:4242"),
            ("http://tsd:4242/", "http://tsd:4242"),
            ("https://[::1]:1/tsdb/", "https://[::1]:1/tsdb"),
        ] {
            assert_eq!(base(name).unwrap(), expected);
        }
        for name in ["http://", "http://a b", "http://a/?m=x", "http://a/api/query", "http://a#x"] {
            let error = base(name).unwrap_err().to_string();
            assert!(error.contains("http://HOST:PORT"), "{error}");
        }
    }

    #[test]
    fn a_password_in_an_address_is_refused_and_not_repeated() {
        for name in ["http://me:hunter2@tsd:4242", "http://me:hun ter2@tsd", "https://hunter2@a/?x"]
        {
            let error = base(name).unwrap_err().to_string();
            assert!(!error.contains("unter2") && error.contains("--auth-file"), "{error}");
        }
        for name in ["http://tsd:4242/?token=hunter2", "http://tsd:4242#hunter2"] {
            let error = base(name).unwrap_err().to_string();
            assert!(!error.contains("hunter2") && error.contains("http://tsd:4242"), "{error}");
        }
    }
}
