//! Brings the page into the command: the file that `TSDBPROOF_EMBED_PAGE` names, where it names one.

use std::{env, path::PathBuf};

fn main() {
    println!("cargo::rerun-if-env-changed=TSDBPROOF_EMBED_PAGE");
    println!("cargo::rustc-check-cfg=cfg(has_page)");
    let Some(page) = env::var_os("TSDBPROOF_EMBED_PAGE").filter(|page| !page.is_empty()) else {
        return;
    };
    // From the repository's root, where cargo is called; a build script runs in its crate's folder.
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default()).join("../..");
    let page = root.join(page);
    println!("cargo::rerun-if-changed={}", page.display());
    println!("cargo::rustc-env=TSDBPROOF_PAGE_FILE={}", page.display());
    println!("cargo::rustc-cfg=has_page");
}
