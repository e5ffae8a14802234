//! Copies the sources of the live part, with what shuttle and the mutants need changed, so that the crate can include
//! them. A change that no longer applies fails the build.

#[path = "build/patches.rs"]
mod patches;

use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
};

use patches::{CONSTANTS, NET, NOTES, PATCHES, RULES};

fn main() {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../src");
    let out = PathBuf::from(env::var("OUT_DIR").expect("cargo sets it"));
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=build");
    let mut files = BTreeMap::new();
    for directory in ["room", "net"] {
        println!("cargo::rerun-if-changed={}", sources.join(directory).display());
        for entry in fs::read_dir(sources.join(directory)).expect("a directory of natter") {
            let path = entry.expect("an entry").path();
            let name = path.file_name().and_then(|name| name.to_str()).expect("a name in UTF-8").to_owned();
            if directory == "room" || NET.contains(&name.as_str()) {
                files.insert(format!("{directory}/{name}"), fs::read_to_string(&path).expect("a source file"));
            }
        }
    }
    let all =
        PATCHES.iter().chain(NOTES).chain(RULES).map(|(file, from, to)| (*file, (*from).to_owned(), (*to).to_owned()));
    let constants = CONSTANTS.iter().map(|(file, declaration, value)| {
        let source = files.get(*file).unwrap_or_else(|| panic!("natter has no src/{file}"));
        let line = source.lines().find(|line| line.starts_with(declaration));
        let line = line.unwrap_or_else(|| panic!("src/{file} has no `{declaration}`"));
        (*file, line.to_owned(), format!("{declaration} = {value};"))
    });
    let all: Vec<_> = constants.collect::<Vec<_>>().into_iter().chain(all).collect();
    for (file, from, to) in all {
        let source = files.get_mut(file).unwrap_or_else(|| panic!("natter has no src/{file}"));
        assert_eq!(source.matches(&from).count(), 1, "src/{file} should have this once: {from}");
        *source = source.replace(&from, &to);
    }
    for (name, source) in files {
        let path = out.join(&name);
        fs::create_dir_all(path.parent().expect("a directory")).expect("a writable directory");
        fs::write(path, for_shuttle(&source)).expect("a writable directory");
    }
    // natter's own files, whose warnings are natter's
    let module = |path: &str| {
        let name = module_name(path);
        format!(
            "#[allow(dead_code, unused, clippy::all, clippy::pedantic)]\n#[path = {:?}]\npub mod {name};\n",
            out.join(path)
        )
    };
    fs::write(out.join("room.rs"), module("room/mod.rs")).expect("a writable directory");
    let net: String = NET.iter().map(|name| module(&format!("net/{name}"))).collect();
    fs::write(out.join("net.rs"), net).expect("a writable directory");
}

/// `room/mod.rs` is `room`, `net/io.rs` is `io`.
fn module_name(path: &str) -> &str {
    let path = path.trim_end_matches("/mod.rs").trim_end_matches(".rs");
    path.rsplit('/').next().expect("a name")
}

/// The source with tokio, the clock and the sockets of `src/runtime`, without its unit tests.
fn for_shuttle(source: &str) -> String {
    let tests = ["#[cfg(test)]\nmod tests", "#[cfg(test)]\n#[path", "#[cfg(test)]\npub(super) mod tests"];
    let end = tests.iter().filter_map(|tests| source.find(tests)).min().unwrap_or(source.len());
    let mut source = source[..end]
        .replace("#[cfg(test)]\nmod roster_tests;\n", "")
        .replace("tokio::", "crate::runtime::")
        .replace("use socket2::", "use crate::runtime::net::");
    if source.contains("time::{Duration, Instant}") {
        source = source.replace("time::{Duration, Instant}", "time::Duration");
        source.push_str("\nuse crate::runtime::time::Instant;\n");
    }
    for (import, rest) in [("    time::Instant,\n", ""), (", time::Instant}", "}"), ("use std::time::Instant;\n", "")] {
        if source.contains(import) {
            source = source.replace(import, rest) + "\nuse crate::runtime::time::Instant;\n";
        }
    }
    source
}
