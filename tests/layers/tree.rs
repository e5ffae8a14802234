//! The modules of a source tree, and what a path in one of them names.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fs, io,
    path::Path,
};

use syn::{Attribute, Item, UseTree, Visibility};

/// A module, by its path from the crate's root; the binary's root is `main`.
pub type ModulePath = Vec<String>;

pub struct Tree {
    pub files: Vec<File>,
    modules: BTreeMap<ModulePath, Module>,
}

/// One source file, parsed.
pub struct File {
    /// Like `src/room/hub.rs`.
    pub path: String,
    pub module: ModulePath,
    pub syntax: syn::File,
}

#[derive(Default)]
struct Module {
    /// An index of [`Tree::files`].
    file: usize,
    items: HashSet<String>,
    /// Paths by the name that a `use` gives them.
    imports: HashMap<String, Vec<String>>,
    globs: Vec<Vec<String>>,
}

/// What a path names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// An item, in the file of this index.
    Item(usize),
    /// A module, whose own file has this index.
    Module(ModulePath, usize),
    /// Nothing of this crate.
    External,
}

/// A name that a `use` brings in.
pub struct Import {
    pub path: Vec<String>,
    /// `None` for `*`.
    pub name: Option<String>,
    pub line: usize,
    /// Whether the `use` has a visibility, such as `pub`.
    pub is_reexport: bool,
}

/// Longest chain of imports that is followed: `use x::{self};` imports `x` as `x`.
const MAX_DEPTH: u32 = 32;

impl Tree {
    /// Reads and parses all files under `src`.
    ///
    /// # Errors
    /// The I/O error if a file or a directory cannot be read.
    pub fn read(src: &Path) -> io::Result<Self> {
        let (mut sources, mut directories) = (Vec::new(), vec![src.to_owned()]);
        while let Some(directory) = directories.pop() {
            for entry in fs::read_dir(directory)? {
                let path = entry?.path();
                if path.is_dir() {
                    directories.push(path);
                } else if path.extension().is_some_and(|extension| extension == "rs") {
                    let relative = path.strip_prefix(src).unwrap_or(&path).display().to_string();
                    sources.push((relative, fs::read_to_string(path)?));
                }
            }
        }
        Ok(Self::parse(sources))
    }

    /// Parses `sources`, each a path under `src` and a text.
    pub fn parse(mut sources: Vec<(String, String)>) -> Self {
        sources.sort();
        let (mut files, mut modules) = (Vec::new(), BTreeMap::new());
        for (path, text) in sources {
            let syntax = syn::parse_file(&text).unwrap_or_else(|error| panic!("src/{path}: {error}"));
            let module = module_of(&path);
            add_module(&mut modules, files.len(), &module, &syntax.items);
            files.push(File { path: format!("src/{path}"), module, syntax });
        }
        Self { files, modules }
    }

    /// What `path` names in `module`.
    pub fn resolve(&self, module: &[String], path: &[String]) -> Target {
        self.resolve_within(module, path, MAX_DEPTH)
    }

    fn resolve_within(&self, module: &[String], path: &[String], depth: u32) -> Target {
        match path.first().map(String::as_str) {
            Some("crate") if module.first().is_some_and(|root| root == "main") => {
                self.walk(&module[..1], &path[1..], depth)
            }
            Some("crate" | "natter") => self.walk(&[], &path[1..], depth),
            _ => self.walk(module, path, depth),
        }
    }

    fn walk(&self, module: &[String], path: &[String], depth: u32) -> Target {
        let (Some(here), Some(depth)) = (self.modules.get(module), depth.checked_sub(1)) else {
            return Target::External;
        };
        let Some((name, rest)) = path.split_first() else { return Target::Module(module.to_owned(), here.file) };
        match name.as_str() {
            "self" => return self.walk(module, rest, depth),
            "super" => return self.walk(&module[..module.len().saturating_sub(1)], rest, depth),
            _ => {}
        }
        // a module and a function may have the same name
        if rest.is_empty() && here.items.contains(name) {
            return Target::Item(here.file);
        }
        let child = [module, std::slice::from_ref(name)].concat();
        if self.modules.contains_key(&child) {
            return self.walk(&child, rest, depth);
        }
        if here.items.contains(name) {
            return Target::Item(here.file); // what follows is a variant or an associated item
        }
        if let Some(import) = here.imports.get(name) {
            return match self.resolve_within(module, import, depth) {
                Target::Module(module, _) => self.walk(&module, rest, depth),
                other => other,
            };
        }
        let globs = here.globs.iter().filter_map(|glob| match self.resolve_within(module, glob, depth) {
            Target::Module(module, _) => Some(self.walk(&module, path, depth)),
            _ => None,
        });
        globs.into_iter().find(|target| *target != Target::External).unwrap_or(Target::External)
    }
}

/// The names that a `use` brings in.
pub fn imports(item: &syn::ItemUse) -> Vec<Import> {
    fn expand(tree: &UseTree, path: &mut Vec<String>, add: &mut impl FnMut(Vec<String>, Option<String>, usize)) {
        let line = |ident: &syn::Ident| ident.span().start().line;
        match tree {
            UseTree::Path(part) => {
                path.push(part.ident.to_string());
                expand(&part.tree, path, add);
                path.pop();
            }
            UseTree::Group(group) => group.items.iter().for_each(|tree| expand(tree, path, add)),
            UseTree::Name(name) if name.ident == "self" => add(path.clone(), path.last().cloned(), line(&name.ident)),
            UseTree::Name(name) => {
                add([&path[..], &[name.ident.to_string()]].concat(), Some(name.ident.to_string()), line(&name.ident));
            }
            UseTree::Rename(name) => {
                let full =
                    if name.ident == "self" { path.clone() } else { [&path[..], &[name.ident.to_string()]].concat() };
                add(full, Some(name.rename.to_string()), line(&name.ident));
            }
            UseTree::Glob(glob) => add(path.clone(), None, glob.star_token.span.start().line),
        }
    }
    let is_reexport = !matches!(item.vis, Visibility::Inherited);
    let mut found = Vec::new();
    expand(&item.tree, &mut Vec::new(), &mut |path, name, line| found.push(Import { path, name, line, is_reexport }));
    found
}

/// Whether an item is compiled for unit tests only.
pub fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg") && attribute.parse_args::<syn::Path>().is_ok_and(|path| path.is_ident("test"))
    })
}

fn module_of(path: &str) -> ModulePath {
    let path = path.trim_end_matches(".rs").trim_end_matches("/mod");
    if path == "lib" { Vec::new() } else { path.split('/').map(str::to_owned).collect() }
}

fn add_module(modules: &mut BTreeMap<ModulePath, Module>, file: usize, path: &ModulePath, items: &[Item]) {
    let mut module = Module { file, ..Module::default() };
    for item in items {
        let name = match item {
            Item::Const(item) => &item.ident,
            Item::Enum(item) => &item.ident,
            Item::Fn(item) => &item.sig.ident,
            Item::Static(item) => &item.ident,
            Item::Struct(item) => &item.ident,
            Item::Trait(item) => &item.ident,
            Item::Type(item) => &item.ident,
            Item::Union(item) => &item.ident,
            Item::Mod(inline) if !is_test(&inline.attrs) => {
                if let Some((_, items)) = &inline.content {
                    let path = [&path[..], &[inline.ident.to_string()]].concat();
                    add_module(modules, file, &path, items);
                }
                continue;
            }
            Item::Use(item) if !is_test(&item.attrs) => {
                for import in imports(item) {
                    match import.name {
                        Some(name) => drop(module.imports.insert(name, import.path)),
                        None => module.globs.push(import.path),
                    }
                }
                continue;
            }
            _ => continue,
        };
        module.items.insert(name.to_string());
    }
    modules.insert(path.clone(), module);
}
