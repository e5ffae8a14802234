//! The files of the catalogue have the same keys and arguments, and the sources use every key and no other.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use fluent_bundle::FluentResource;
use fluent_syntax::ast::{Entry, Expression, InlineExpression, Pattern, PatternElement};

use super::Language;

/// The arguments of each text, by its key.
type Texts = BTreeMap<String, BTreeSet<String>>;

fn texts(source: &str) -> Texts {
    let resource = FluentResource::try_new(source.to_owned()).expect("the file parses");
    let mut texts = Texts::new();
    for entry in resource.entries() {
        let Entry::Message(message) = entry else { continue };
        let pattern = message.value.as_ref().expect("a text");
        let mut arguments = BTreeSet::new();
        collect(pattern, &mut arguments);
        assert!(texts.insert(message.id.name.to_owned(), arguments).is_none(), "{} is defined twice", message.id.name);
    }
    texts
}

fn collect(pattern: &Pattern<&str>, arguments: &mut BTreeSet<String>) {
    let mut inline = |expression: &InlineExpression<&str>| match expression {
        InlineExpression::VariableReference { id } => {
            arguments.insert(id.name.to_owned());
        }
        InlineExpression::StringLiteral { .. } => {}
        other => panic!("{other:?}: this test does not know it"),
    };
    let mut variants = Vec::new();
    for element in &pattern.elements {
        match element {
            PatternElement::Placeable { expression: Expression::Inline(expression) } => inline(expression),
            PatternElement::Placeable { expression: Expression::Select { selector, variants: found } } => {
                inline(selector);
                variants.extend(found);
            }
            PatternElement::TextElement { .. } => {}
        }
    }
    for variant in variants {
        collect(&variant.value, arguments);
    }
}

/// All text under `directory` whose files end in `extension`, without this folder.
fn sources(directory: &Path, extension: &str, all: &mut String) {
    for entry in fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() && !path.ends_with("render/words") {
            sources(&path, extension, all);
        } else if path.extension().is_some_and(|found| found == extension) {
            all.push_str(&fs::read_to_string(&path).expect("a text file"));
        }
    }
}

/// The keys that `source` names: the literal after each call that takes one.
fn named(source: &str) -> BTreeSet<String> {
    let calls = [
        ".text(\"",
        ".with(\"",
        ".html(\"",
        ".link(\"",
        ".count(\"",
        ".title(\"",
        "Phrase::new(\"",
        "Invalid::new(\"",
        "Error::forbidden(\"",
        "Error::not_found(\"",
    ];
    let behind = calls.iter().flat_map(|call| source.split(call).skip(1));
    let keys = behind.filter_map(|rest| rest.split('"').next());
    keys.map(str::to_owned).collect()
}

#[test]
fn every_language_has_the_same_texts_with_the_same_arguments() {
    let english = texts(Language::English.source());
    for language in Language::ALL {
        assert_eq!(texts(language.source()), english, "{}", language.tag());
    }
}

#[test]
fn every_key_in_the_sources_is_in_the_catalogue_and_every_text_is_used() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut source = String::new();
    sources(&root.join("src"), "rs", &mut source);
    sources(&root.join("templates"), "html", &mut source);
    let texts = texts(Language::English.source());
    let unknown: Vec<_> = named(&source).into_iter().filter(|key| !texts.contains_key(key)).collect();
    assert!(unknown.is_empty(), "not in the catalogue: {unknown:?}");
    let unused: Vec<_> = texts.keys().filter(|key| !source.contains(&format!("\"{key}\""))).collect();
    assert!(unused.is_empty(), "unused: {unused:?}");
}

#[test]
fn a_missing_key_an_unused_one_and_another_argument_are_found() {
    let one = texts("a = { $x } b\n");
    assert_ne!(one, texts("a = b\n"));
    assert_ne!(one, texts("a = { $y } b\n"));
    assert_ne!(one, texts("a = { $x } b\nc = d\n"));
    let selected = texts("a = { $n ->\n    [one] { $x }\n   *[other] { $y }\n}\n");
    assert_eq!(selected["a"].iter().collect::<Vec<_>>(), ["n", "x", "y"]);
    assert_eq!(named("x.text(\"a-b\"), Phrase::new(\"c\")").len(), 2);
}
