//! Prepares the assets: the files of `static/`, with one script and one style sheet in place of their parts. Debug builds
//! have the same, so what is tested is what is shipped.

use std::{env, fs, path::Path};

use oxc_allocator::Allocator;
use oxc_ast::ast::{Function, MethodDefinition, PropertyKey, Statement};
use oxc_ast_visit::{VisitMut, walk_mut};
use oxc_codegen::{Codegen, CodegenOptions};
use oxc_minifier::{Minifier, MinifierOptions};
use oxc_parser::Parser;
use oxc_span::SourceType;

const HTMX: &str = "vendor/htmx-4.0.1.js";
const HTMX_WS: &str = "vendor/hx-ws-4.0.1.js";
/// Methods of htmx that the pages never need. They are left empty: 2.8 KB less to load, compressed.
const UNUSED: &str = "
    morph morphChildren matchesUpcomingSibling findBestMatch isSoftMatch removeNode morphNode
    populateIdMapWithTree createIdMaps createPersistentIds moveBefore
    handlePreservedElements restorePreservedElements
    startCSSTransitions copyAttributes submitTransitionTask processTransitionQueue
    disableElements enableElements initRequestIndicatorCss
    createOOBTask scanForwardQuery scanBackwardsQuery scanUntilComparison
    handleScroll handleAnchorScroll normalizeScrollTarget
    getAttributeObject handleHxHeaders handleTriggerHeader handleHeadersAndMaybeReturnEarly
    initializeAbortListener processScripts on onLoad findAll
    handleHxOnAttributes executeJavaScript apiMethods"; // the last three are code in attributes, which the CSP forbids
/// As [`UNUSED`], functions of its extension. Our own handler sets the address.
const UNUSED_WS: &str = "checkLegacyAttributes normalizeWebSocketUrl";
/// Each uses those before it.
const SCRIPTS: [&str; 21] = [
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
    "files",
    "emoji",
    "tools",
    "panel",
    "rooms",
    "switcher",
    "notifications",
    "connection",
];
/// Of two rules of the same weight, the later one wins.
const STYLES: [&str; 9] = ["tokens", "base", "forms", "layout", "sidebar", "room", "composer", "messages", "files"];

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
    write(&to.join("htmx.js"), &minify(&htmx, UNUSED));
    let htmx = htmx + &read(&from.join(HTMX_WS));
    // in a function, because the names of global variables are not shortened
    let own = join(&from.join("chat"), "js", &SCRIPTS).replace("  'use strict';\n", "");
    let script = format!("{htmx}\n(() => {{ 'use strict';\n{own}\nwindow.natter = natter; }})();");
    write(&to.join("natter.js"), &minify(&script, &format!("{UNUSED} {UNUSED_WS}")));
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

/// Empties methods and functions of these names, and drops the names.
struct Shorten<'n> {
    unused: Vec<&'n str>,
}

impl Shorten<'_> {
    fn empty_if_unused(&mut self, name: &str, function: &mut Function) {
        let Some(at) = self.unused.iter().position(|unused| *unused == name) else { return };
        self.unused.swap_remove(at);
        function.params.items.clear();
        function.body.as_mut().expect("JavaScript has no declarations without a body").statements.clear();
    }
}

impl<'a> VisitMut<'a> for Shorten<'_> {
    fn visit_method_definition(&mut self, method: &mut MethodDefinition<'a>) {
        let name = match &method.key {
            PropertyKey::PrivateIdentifier(name) => name.name.as_str(),
            PropertyKey::StaticIdentifier(name) => name.name.as_str(),
            _ => "",
        };
        self.empty_if_unused(name, &mut method.value);
        walk_mut::walk_method_definition(self, method);
    }

    fn visit_statement(&mut self, statement: &mut Statement<'a>) {
        if let Statement::FunctionDeclaration(function) = statement
            && let Some(name) = &function.id
        {
            self.empty_if_unused(name.name.as_str(), function);
        }
        walk_mut::walk_statement(self, statement);
    }
}

fn minify(script: &str, unused: &str) -> String {
    let allocator = Allocator::default();
    let parsed = Parser::new(&allocator, script, SourceType::script()).parse();
    let errors: Vec<_> = parsed
        .diagnostics
        .iter()
        .map(|error| format!("{:?}", error.clone().with_source_code(script.to_owned())))
        .collect();
    assert!(errors.is_empty(), "{}", errors.join("\n"));
    let mut program = parsed.program;
    let mut shorten = Shorten { unused: unused.split_whitespace().collect() };
    shorten.visit_program(&mut program);
    assert!(shorten.unused.is_empty(), "htmx has none of {:?}", shorten.unused);
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
