//! The arrows between files.

use proc_macro2::{TokenStream, TokenTree};
use syn::{
    ImplItem, Item,
    visit::{self, Visit},
};

use crate::tree::{File, Target, Tree, imports, is_test};

/// A file names something that another file defines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrow {
    pub from: String,
    pub line: usize,
    pub to: String,
    /// What names it, as written, such as `super::Ring`.
    pub path: String,
    /// Whether only a module is named, as in `use crate::store;`. What the file takes from it makes arrows of its own.
    pub is_module: bool,
}

/// All arrows of `tree`, without those of unit tests: they are no part of the program, and may use what is above to
/// set up what they test.
pub fn arrows(tree: &Tree) -> Vec<Arrow> {
    let mut found = Vec::new();
    for file in &tree.files {
        let mut collector = Collector { tree, file, module: file.module.clone(), found: &mut found };
        collector.visit_file(&file.syntax);
    }
    found
}

struct Collector<'a> {
    tree: &'a Tree,
    file: &'a File,
    /// The module at this point: the file's, or an inline one.
    module: Vec<String>,
    found: &'a mut Vec<Arrow>,
}

impl Collector<'_> {
    fn add(&mut self, path: &[String], line: usize, is_reexport: bool, keep_modules: bool) {
        let (file, is_module) = match self.tree.resolve(&self.module, path) {
            Target::Item(file) => (file, false),
            Target::Module(_, file) if keep_modules => (file, true),
            Target::Module(..) | Target::External => return,
        };
        let target = &self.tree.files[file];
        // a module's re-export of what its children define is their way out, not a use: who imports it is followed
        // to the child
        let is_own_child = target.module.len() > self.module.len() && target.module.starts_with(&self.module);
        if target.path == self.file.path || (is_reexport && is_own_child) {
            return;
        }
        let (from, to) = (self.file.path.clone(), target.path.clone());
        self.found.push(Arrow { from, line, to, path: path.join("::"), is_module });
    }

    /// Macros are not parsed: takes every `a::b` among their tokens for a path.
    fn scan(&mut self, tokens: &TokenStream) {
        let (mut path, mut colons, mut line) = (Vec::new(), 0, 0);
        for token in tokens.clone() {
            match &token {
                TokenTree::Ident(ident) => {
                    if colons != 2 {
                        self.end_scanned(&mut path, line);
                        line = ident.span().start().line;
                    }
                    path.push(ident.to_string());
                    colons = 0;
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' => colons += 1,
                other => {
                    self.end_scanned(&mut path, line);
                    colons = 0;
                    if let TokenTree::Group(group) = other {
                        self.scan(&group.stream());
                    }
                }
            }
        }
        self.end_scanned(&mut path, line);
    }

    fn end_scanned(&mut self, path: &mut Vec<String>, line: usize) {
        if path.len() > 1 {
            self.add(path, line, false, false);
        }
        path.clear();
    }
}

impl<'ast> Visit<'ast> for Collector<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        let attributes = match item {
            Item::Mod(item) => &item.attrs,
            Item::Fn(item) => &item.attrs,
            Item::Impl(item) => &item.attrs,
            Item::Use(item) => &item.attrs,
            Item::Const(item) => &item.attrs,
            Item::Static(item) => &item.attrs,
            Item::Struct(item) => &item.attrs,
            Item::Enum(item) => &item.attrs,
            _ => return visit::visit_item(self, item),
        };
        if !is_test(attributes) {
            visit::visit_item(self, item);
        }
    }

    fn visit_impl_item(&mut self, item: &'ast ImplItem) {
        if !matches!(item, ImplItem::Fn(method) if is_test(&method.attrs)) {
            visit::visit_impl_item(self, item);
        }
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        self.module.push(item.ident.to_string());
        visit::visit_item_mod(self, item);
        self.module.pop();
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        for import in imports(item) {
            self.add(&import.path, import.line, import.is_reexport, true);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if let Some(first) = path.segments.first() {
            let names: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
            self.add(&names, first.ident.span().start().line, false, false);
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, item: &'ast syn::Macro) {
        self.scan(&item.tokens);
        visit::visit_macro(self, item);
    }

    fn visit_meta_list(&mut self, list: &'ast syn::MetaList) {
        self.scan(&list.tokens);
    }
}
