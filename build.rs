//! Prepares the assets: the files of `static/`, with one script and one style sheet in place of their parts. Debug builds
//! have the same, so what is tested is what is shipped.

use std::{env, fs, path::Path};

use oxc_allocator::Allocator;
use oxc_ast::ast::Program;
use oxc_codegen::{Codegen, CodegenOptions};
use oxc_minifier::{Minifier, MinifierOptions};
use oxc_parser::Parser;
use oxc_span::SourceType;

use shorten::{Unused, shorten};

#[path = "build/assets.rs"]
mod assets;
#[path = "build/shorten.rs"]
mod shorten;

const HTMX: &str = "vendor/htmx-4.0.1.js";
const HTMX_WS: &str = "vendor/hx-ws-4.0.1.js";
/// What no page uses of htmx: morphing, parts out of band, transitions, code in attributes, which the CSP forbids, headers of
/// responses, and those values, modifiers and settings that no page has. What a template begins to use has to leave this list.
const UNUSED: Unused = Unused {
    calls: "
        morphNode handlePreservedElements restorePreservedElements
        startCSSTransitions submitTransitionTask processTransitionQueue
        disableElements enableElements initRequestIndicatorCss createOOBTask
        handleScroll handleAnchorScroll find findAll on onLoad
        getAttributeObject handleHxHeaders handleTriggerHeader handleHeadersAndMaybeReturnEarly extractHxHeaders
        initializeAbortListener abort processScripts addInputValues extractJavascriptContent replaceUrlInHistory
        ignore attrName handleStatusCodes
        XPathEvaluator.createExpression hxOnQuery.evaluate iter.iterateNext handleHxOnAttributes executeJavaScript",
    values: "
        delete textContent outerSync innerMorph outerMorph beforebegin afterbegin beforeend afterend
        every revealed global find findAll next nextElementSibling previous previousElementSibling
        window document this host dialog reload abort",
    properties: "
        internalAPI.initSecurity internalAPI.parseTriggerSpecs internalAPI.determineMethodAndAction
        internalAPI.insertContent internalAPI.getAttributeObject internalAPI.morph internalAPI.isSoftMatch
        internalAPI.executeJavaScript
        spec.halt spec.prevent spec.stop spec.consume spec.changed spec.throttle spec.root spec.rootMargin
        spec.threshold spec.passive spec.capture spec.target
        swapSpec.ignoreTitle swapSpec.settle swapSpec.focusScroll swapSpec.transition mainSwap.transition
        ctx.transition ctx.selectOOB ctx.confirm ctx.values hx.retarget hx.reswap hx.reselect
        config.logAll config.transitions config.defaultFocusScroll config.implicitInheritance
        config.allowEmptySwapAfterOOB config.indicatorClass config.includeIndicatorCSS config.metaCharacter
        config.morphSkip config.morphSkipChildren config.noSwap config.extensions",
};
/// What the chat does not use either. Our own handler sets the address; the outbox holds what waits for a connection.
const UNUSED_IN_CHAT: Unused = Unused {
    calls: "checkLegacyAttributes normalizeWebSocketUrl flushQueue",
    values: "",
    properties: "spec.from spec.delay config.pauseOnBackground connection.visibilityHandler json.payload",
};
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
const STYLES: [&str; 10] =
    ["tokens", "base", "forms", "layout", "sidebar", "room", "composer", "messages", "files", "search"];

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
    write(&to.join("htmx.js"), &minify(&shorten(&htmx, &[&UNUSED])));
    let htmx = shorten(&(htmx + &read(&from.join(HTMX_WS))), &[&UNUSED, &UNUSED_IN_CHAT]);
    // in a function, because the names of global variables are not shortened
    let own = join(&from.join("chat"), "js", &SCRIPTS).replace("  'use strict';\n", "");
    let script = format!("{htmx}\n(() => {{ 'use strict';\n{own}\nwindow.natter = natter; }})();");
    write(&to.join("natter.js"), &minify(&script));
    write(&to.join("natter.css"), &join(&from.join("style"), "css", &STYLES));
    write(&out.join("assets.rs"), &assets::embed(&to, out));
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

fn parse<'a>(allocator: &'a Allocator, script: &'a str) -> Program<'a> {
    let parsed = Parser::new(allocator, script, SourceType::script()).parse();
    let errors: Vec<_> = parsed
        .diagnostics
        .iter()
        .map(|error| format!("{:?}", error.clone().with_source_code(script.to_owned())))
        .collect();
    assert!(errors.is_empty(), "{}", errors.join("\n"));
    parsed.program
}

fn minify(script: &str) -> String {
    let allocator = Allocator::default();
    let mut program = parse(&allocator, script);
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
