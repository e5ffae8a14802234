//! Prepares the assets: the files of `static/`, with one script and one style sheet in place of their parts. Debug builds
//! have the same, so what is tested is what is shipped.

use std::{env, fs, path::Path};

use oxc_allocator::Allocator;
use oxc_ast::ast::{MethodDefinition, PropertyKey};
use oxc_ast_visit::{VisitMut, walk_mut};
use oxc_codegen::{Codegen, CodegenOptions};
use oxc_minifier::{Minifier, MinifierOptions};
use oxc_parser::Parser;
use oxc_span::SourceType;

const HTMX: &str = "vendor/htmx-4.0.1.js";
const HTMX_WS: &str = "vendor/hx-ws-4.0.1.js";
/// Methods of htmx that the pages never need. They are left empty: 1.4 KB less to load, compressed.
const UNUSED: &str = "
    handlePreservedElements restorePreservedElements
    startCSSTransitions submitTransitionTask processTransitionQueue
    disableElements enableElements initRequestIndicatorCss
    createOOBTask scanForwardQuery scanBackwardsQuery scanUntilComparison
    getAttributeObject handleHxHeaders handleTriggerHeader handleHeadersAndMaybeReturnEarly
    initializeAbortListener processScripts
    handleHxOnAttributes executeJavaScript apiMethods"; // the last three are code in attributes, which the CSP forbids
/// Each uses those before it.
const SCRIPTS: [&str; 20] = [
    "page",
    "reactions",
    "view",
    "rows",
    "paging",
    "list",
    "sidebar",
    "marks",
    "outbox",
    "typing",
    "box",
    "completion",
    "composer",
    "emoji",
    "tools",
    "panel",
    "rooms",
    "switcher",
    "notifications",
    "connection",
];
/// Of two rules of the same weight, the later one wins.
const STYLES: [&str; 8] = ["tokens", "base", "forms", "layout", "sidebar", "room", "composer", "messages"];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=static");
    let out = env::var_os("OUT_DIR").expect("cargo sets it");
    let (from, out) = (Path::new("static"), Path::new(&out));
    let to = out.join("static");
    if to.exists() {
        fs::remove_dir_all(&to).expect("a writable directory");
    }
    copy(from, &to);
    let htmx = read(&from.join(HTMX));
    write(&to.join("htmx.js"), &minify(&htmx));
    let htmx = htmx + &read(&from.join(HTMX_WS));
    // in a function, because the names of global variables are not shortened
    let own = join(&from.join("chat"), "js", &SCRIPTS).replace("  'use strict';\n", "");
    let script = format!("{htmx}\n(() => {{ 'use strict';\n{own}\nwindow.natter = natter; }})();");
    write(&to.join("natter.js"), &minify(&script));
    write(&to.join("natter.css"), &join(&from.join("style"), "css", &STYLES));
    let code = memory_serve::assets_to_code("static", &to, out, true, |_| ());
    write(&out.join("assets.rs"), &code);
}

/// Copies what is served as it is.
fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).expect("a writable directory");
    for entry in fs::read_dir(from).expect("a directory") {
        let path = entry.expect("an entry").path();
        let target = to.join(path.file_name().expect("a name"));
        if ["chat", "style", "vendor"].iter().any(|part| path == Path::new("static").join(part)) {
            continue;
        } else if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, target).expect("a writable directory");
        }
    }
}

/// The texts of all files of a directory, in the order of `names`.
fn join(directory: &Path, extension: &str, names: &[&str]) -> String {
    let count = fs::read_dir(directory).expect("a directory").count();
    assert_eq!(count, names.len(), "build.rs has to name every file of {}", directory.display());
    names.iter().map(|name| read(&directory.join(name).with_extension(extension))).collect()
}

/// Empties the methods of [`UNUSED`].
#[derive(Default)]
struct Shorten {
    emptied: Vec<String>,
}

impl<'a> VisitMut<'a> for Shorten {
    fn visit_method_definition(&mut self, method: &mut MethodDefinition<'a>) {
        if let PropertyKey::PrivateIdentifier(name) = &method.key
            && UNUSED.split_whitespace().any(|unused| unused == name.name)
            && let Some(body) = &mut method.value.body
        {
            body.statements.clear();
            method.value.params.items.clear();
            self.emptied.push(name.name.to_string());
        }
        walk_mut::walk_method_definition(self, method);
    }
}

fn minify(script: &str) -> String {
    let allocator = Allocator::default();
    let parsed = Parser::new(&allocator, script, SourceType::script()).parse();
    let errors: Vec<_> = parsed
        .diagnostics
        .iter()
        .map(|error| format!("{:?}", error.clone().with_source_code(script.to_owned())))
        .collect();
    assert!(errors.is_empty(), "{}", errors.join("\n"));
    let mut program = parsed.program;
    let mut shorten = Shorten::default();
    shorten.visit_program(&mut program);
    let missing = UNUSED.split_whitespace().find(|unused| !shorten.emptied.iter().any(|name| name == unused));
    assert_eq!(missing, None, "build.rs: this version of htmx has no such method");
    let minified = Minifier::new(MinifierOptions::default()).minify(&allocator, &mut program);
    Codegen::new()
        .with_options(CodegenOptions::minify())
        .with_scoping(minified.scoping)
        .with_private_member_mappings(minified.class_private_mappings)
        .build(&program)
        .code
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn write(path: &Path, text: &str) {
    fs::write(path, text).expect("a writable directory");
}
