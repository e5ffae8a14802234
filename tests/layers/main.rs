//! Holds the layers of `src/lib.rs`: arrows point down only, features do not import each other, what serves requests
//! cannot read or write a room without the rights of a user, and no files import each other in a cycle.
//!
//! - [`tree`]: the modules of a source tree, parsed, and what a path in one of them names.
//! - [`arrows`]: the arrows between files: what each `use` and each path in the code names, and where.
//! - [`rules`]: the four rules, and the text of their violations.
//!
//! What it does not see: a method of a type that the calling file does not name, and paths in the templates.

mod arrows;
mod rules;
mod tree;

use std::path::Path;

use self::{arrows::arrows, rules::violations, tree::Tree};

/// The layers from the bottom up. This list is the one source of their order.
const LAYERS: [&str; 13] = [
    "domain", "media", "store", "search", "net", "security", "render", "room", "web", "features", "app", "cli", "main",
];

#[test]
fn natters_files_keep_the_layers() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let found = violations(&arrows(&Tree::read(&src).unwrap()), &LAYERS);
    assert!(found.is_empty(), "{} violations of the layers\n\n{}\n", found.len(), found.join("\n\n"));
}

/// The violations of a small tree whose layers are `low`, `features` and `high`.
fn check(sources: &[(&str, &str)]) -> Vec<String> {
    check_layers(&["low", "features", "high"], sources)
}

fn check_layers(layers: &[&str], sources: &[(&str, &str)]) -> Vec<String> {
    let root: String = layers.iter().map(|layer| format!("pub mod {layer}; ")).collect();
    let sources = sources.iter().map(|(path, text)| (path.to_string(), text.to_string()));
    let sources = std::iter::once(("lib.rs".to_owned(), root)).chain(sources);
    violations(&arrows(&Tree::parse(sources.collect())), layers)
}

#[test]
fn an_arrow_down_is_allowed() {
    let low = ("low/mod.rs", "mod shape; pub use shape::Shape;");
    let shape = ("low/shape.rs", "pub struct Shape;");
    let high = ("high/mod.rs", "use crate::low::Shape; fn draw(_: Shape) { crate::low::Shape; }");
    assert_eq!(check(&[low, shape, high]), [""; 0]);
}

#[test]
fn an_arrow_up_is_reported_with_its_file_and_line() {
    let high = ("high/mod.rs", "mod view; pub use view::View;");
    let view = ("high/view.rs", "pub struct View; impl View { pub fn new() {} }");
    for (low, line) in [
        ("\nuse crate::high::View;", 2),
        ("use std::fmt;\n\nuse crate::{\n    high::{self, View as Other},\n};", 4),
        ("fn f() {\n    crate::high::View::new();\n}", 2),
        ("fn f(_: Option<crate::high::View>) {}", 1),
        ("fn f() {\n    println!(\"{:?}\",\n    crate::high::View::new());\n}", 3),
        ("pub use crate::high::View;", 1),
    ] {
        let found = check(&[("low/mod.rs", low), high, view]).join("\n");
        let expected = format!("src/low/mod.rs:{line}: low -> high, an arrow up (src/high/view.rs, crate::high::View");
        assert!(found.contains(&expected), "{low}: {found}");
    }
}

#[test]
fn a_module_that_is_in_no_layer_is_reported() {
    let found = check(&[("low/mod.rs", "use crate::misc::X;"), ("misc.rs", "pub struct X;")]);
    assert_eq!(found, ["src/low/mod.rs:1: low -> misc, which is in no layer (src/misc.rs, crate::misc::X)"]);
}

#[test]
fn a_feature_that_imports_another_is_reported() {
    let rooms = ("features/rooms/mod.rs", "pub mod list; use self::list::List; fn show(_: List) {}");
    let list = ("features/rooms/list.rs", "pub struct List;");
    let files = ("features/files/mod.rs", "mod upload;");
    let upload = ("features/files/upload.rs", "use crate::features::rooms::list::List;");
    let root = ("features/mod.rs", "pub mod rooms; pub mod files;");
    let expected = "src/features/files/upload.rs:1: feature files -> feature rooms (src/features/rooms/list.rs, \
                    crate::features::rooms::list::List)";
    assert_eq!(check(&[root, rooms, list, files, upload]), [expected]);
    assert_eq!(check(&[root, rooms, list, files, ("features/files/upload.rs", "")]), [""; 0]);
}

#[test]
fn a_handler_that_can_read_without_rights_is_reported() {
    let layers = ["store", "web", "features", "app"];
    let store = ("store/mod.rs", "mod port; mod log; pub use port::{Database, Store}; pub use log::LogReader;");
    let port = ("store/port.rs", "pub trait Store {} pub trait Database {} pub trait Transfer {}");
    let log = ("store/log.rs", "pub trait LogReader {}");
    let app = ("app.rs", "use crate::store::Database; fn start(_: &dyn Database) {}");
    for (handler, name) in [
        ("\nuse crate::store::Database as Everything;", "Database"),
        ("use crate::store;\nfn f(_: &dyn store::LogReader) {}", "LogReader"),
        ("use crate::store::*;\nfn f(_: &dyn Database) {}", "Database"),
    ] {
        for path in ["features/list.rs", "web/state.rs"] {
            let modules = [("features/mod.rs", "pub mod list;"), ("web/mod.rs", "pub mod state;")];
            let sources = [&modules[..], &[store, port, log, app, (path, handler)]].concat();
            let found = check_layers(&layers, &sources).join("\n");
            let expected = format!("src/{path}:2: {name} reads and writes rooms without the rights of a user");
            assert!(found.contains(&expected), "{handler}: {found}");
        }
    }
    let handler = ("features/list.rs", "use crate::store::Store; fn f(_: &dyn Store) {}");
    assert_eq!(check_layers(&layers, &[store, port, log, app, ("features/mod.rs", "pub mod list;"), handler]), [""; 0]);
}

#[test]
fn a_cycle_of_files_is_reported_with_all_its_arrows() {
    let sources = [
        ("low/mod.rs", "mod a; mod b; mod c; pub use a::A; pub use b::B; pub use c::C;"),
        ("low/a.rs", "use super::B; pub struct A(B);"),
        ("low/b.rs", "\nuse crate::low::c::C; pub struct B(C);"),
        ("low/c.rs", "pub struct C; fn f() { super::A }"),
    ];
    let expected = [
        "a cycle of files:",
        "  src/low/a.rs:1 -> src/low/b.rs (super::B)",
        "  src/low/b.rs:2 -> src/low/c.rs (crate::low::c::C)",
        "  src/low/c.rs:1 -> src/low/a.rs (super::A)",
    ];
    assert_eq!(check(&sources), [expected.join("\n")]);
}

#[test]
fn a_module_and_its_child_that_use_each_other_are_a_cycle() {
    let parent = ("low/mod.rs", "mod child; pub const SIZE: u32 = 1; pub fn f() { child::g() }");
    let found = check(&[parent, ("low/child.rs", "use super::SIZE; pub fn g() { SIZE; }")]);
    assert_eq!(found.len(), 1);
    assert!(found[0].contains("src/low/child.rs:1 -> src/low/mod.rs (super::SIZE)"), "{}", found[0]);
    let parent = ("low/mod.rs", "mod child; pub use child::g; pub const SIZE: u32 = 1;");
    assert_eq!(check(&[parent, ("low/child.rs", "use super::SIZE; pub fn g() { SIZE; }")]), [""; 0], "a re-export");
}

#[test]
fn unit_tests_may_use_what_is_above() {
    let low = "#[cfg(test)]\nmod tests { use crate::high::View; }\n#[cfg(test)]\nfn helper() { crate::high::View; }";
    assert_eq!(check(&[("low/mod.rs", low), ("high/mod.rs", "pub struct View;")]), [""; 0]);
}

/// `src/lib.rs` names for each invariant the test that holds it.
#[test]
fn the_tests_of_the_invariants_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let library = std::fs::read_to_string(root.join("src/lib.rs")).unwrap();
    let rows = library.lines().filter_map(|line| line.split_once("| `")?.1.strip_suffix("` |")?.split_once("` `"));
    let rows: Vec<_> = rows.collect();
    assert!(rows.len() > 10, "{rows:?}");
    for (suite, path) in rows {
        let modules: Vec<&str> = path.split("::").collect();
        let [folders @ .., test] = &modules[..] else { panic!("{path}") };
        let file = root.join("tests").join(suite).join(folders.join("/")).with_extension("rs");
        let source = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        assert!(source.contains(&format!("fn {test}(")), "{path} is not in {}", file.display());
    }
}
