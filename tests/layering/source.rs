//! A crate as its source says it: files, modules, what each module defines and imports, and what its code names. All of
//! it is parsed, so that line breaks, groups, renames and comments make no difference.

use std::path::{Path, PathBuf};

use proc_macro2::Span;
use syn::{Attribute, Item, Meta, UseTree, Visibility};

use crate::functions::{self, Function};
use crate::names;

/// A module of a crate, by its place in [`Crate::modules`].
pub type ModuleId = usize;
/// A file of a crate, by its place in [`Crate::files`].
pub type FileId = usize;

/// A crate: what hangs together by `mod` from one root.
#[derive(Default)]
pub struct Crate {
    pub files: Vec<File>,
    pub modules: Vec<Module>,
}

/// A file of a crate.
pub struct File {
    pub path: PathBuf,
    pub text: String,
    /// Names in its code, those of its imports included.
    pub names: Vec<Name>,
    /// Methods called, and functions of primitive types such as `f64::ln`.
    pub methods: Vec<(String, usize)>,
    pub functions: Vec<Function>,
    /// Whether a module of it stands elsewhere than where the compiler looks for it, or text is pasted in.
    pub displaced: bool,
}

/// A module, which is a file of its own or stands inside one.
pub struct Module {
    pub file: FileId,
    pub parent: Option<ModuleId>,
    pub items: Vec<String>,
    /// Those of the items that are macros.
    pub macros: Vec<String>,
    pub children: Vec<(String, ModuleId)>,
    pub imports: Vec<Import>,
}

/// A name that a `use` brings into a module.
pub struct Import {
    /// What it is called there; nothing for `as _`.
    pub name: Option<String>,
    pub path: NamePath,
}

/// Names between `::`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamePath {
    /// Whether it opens with `::`, which leads out of the crate.
    pub foreign: bool,
    pub segments: Vec<String>,
}

/// How a file comes to name something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mention {
    /// In code.
    Code,
    /// Called as a macro.
    Macro,
    /// By an import.
    Import,
    /// By an import that hands on under its own address.
    Reexport,
    /// By an import of everything.
    Glob,
}

/// Something that a file names.
pub struct Name {
    pub module: ModuleId,
    pub path: NamePath,
    pub mention: Mention,
    /// From 1.
    pub line: usize,
    /// Whether only tests are compiled with it.
    pub test: bool,
}

/// Where the parts of a module stand.
#[derive(Clone)]
struct Place {
    module: ModuleId,
    /// The folder of modules that are files of their own.
    folder: PathBuf,
    test: bool,
}

impl Crate {
    /// The crate that hangs together from a root file; `read` gives the text of a file.
    ///
    /// # Panics
    ///
    /// On a file that is missing or is no Rust.
    pub fn read(root: &Path, read: &dyn Fn(&Path) -> Option<String>) -> Self {
        let mut own = Self::default();
        let folder = root.parent().unwrap_or(Path::new("")).to_owned();
        own.add_file(root, None, folder, false, read);
        own
    }

    fn add_file(
        &mut self,
        path: &Path,
        parent: Option<ModuleId>,
        folder: PathBuf,
        test: bool,
        read: &dyn Fn(&Path) -> Option<String>,
    ) -> ModuleId {
        let text = read(path).unwrap_or_else(|| panic!("{} is missing", path.display()));
        let parsed = syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        self.files.push(File {
            path: path.to_owned(),
            functions: functions::of(&parsed),
            text,
            names: Vec::new(),
            methods: Vec::new(),
            displaced: false,
        });
        let module = self.add_module(self.files.len() - 1, parent);
        let test = test || parsed.attrs.iter().any(is_test);
        self.add_items(&parsed.items, &Place { module, folder, test }, read);
        module
    }

    fn add_module(&mut self, file: FileId, parent: Option<ModuleId>) -> ModuleId {
        let (items, macros) = (Vec::new(), Vec::new());
        let (children, imports) = (Vec::new(), Vec::new());
        self.modules.push(Module { file, parent, items, macros, children, imports });
        self.modules.len() - 1
    }

    fn add_items(&mut self, items: &[Item], place: &Place, read: &dyn Fn(&Path) -> Option<String>) {
        for item in items {
            if let Some(name) = defined(item) {
                if matches!(item, Item::Macro(_)) {
                    self.modules[place.module].macros.push(name.clone());
                }
                self.modules[place.module].items.push(name);
            }
            if let Item::Mod(inner) = item {
                let name = inner.ident.to_string();
                let test = place.test || inner.attrs.iter().any(is_test);
                let file = self.modules[place.module].file;
                let given = path_given(&inner.attrs);
                let module = if let Some((_, items)) = &inner.content {
                    let folder = match given {
                        Some(given) => self.beside(file, &given),
                        None => place.folder.join(&name),
                    };
                    let module = self.add_module(file, Some(place.module));
                    self.add_items(items, &Place { module, folder, test }, read);
                    module
                } else {
                    self.add_child(place, &name, given, test, read)
                };
                self.modules[place.module].children.push((name, module));
            } else {
                let file = self.modules[place.module].file;
                let found = names::of(item, place.module, place.test);
                self.modules[place.module].imports.extend(found.imports);
                self.files[file].names.extend(found.names);
                self.files[file].methods.extend(found.methods);
                self.files[file].displaced |= found.pastes;
            }
        }
    }

    /// What `#[path = "…"]` names: the compiler starts from the folder of the file that says so.
    fn beside(&self, file: FileId, given: &str) -> PathBuf {
        tidy(&self.files[file].path.parent().unwrap_or(Path::new("")).join(given))
    }

    /// A module that is a file of its own.
    fn add_child(
        &mut self,
        place: &Place,
        name: &str,
        given: Option<String>,
        test: bool,
        read: &dyn Fn(&Path) -> Option<String>,
    ) -> ModuleId {
        if let Some(given) = given {
            let file = self.modules[place.module].file;
            self.files[file].displaced = true;
            let path = self.beside(file, &given);
            let folder = path.parent().unwrap_or(Path::new("")).to_owned();
            return self.add_file(&path, Some(place.module), folder, test, read);
        }
        let folder = place.folder.join(name);
        let (flat, nested) = (place.folder.join(format!("{name}.rs")), folder.join("mod.rs"));
        let path = if read(&flat).is_some() { flat } else { nested };
        self.add_file(&path, Some(place.module), folder, test, read)
    }
}

/// The path without `..`.
fn tidy(path: &Path) -> PathBuf {
    let mut tidied = PathBuf::new();
    for part in path.components() {
        if part.as_os_str() == ".." {
            tidied.pop();
        } else {
            tidied.push(part);
        }
    }
    tidied
}

/// The name that an item adds to its module.
fn defined(item: &Item) -> Option<String> {
    let ident = match item {
        Item::Const(own) => &own.ident,
        Item::Enum(own) => &own.ident,
        Item::Fn(own) => &own.sig.ident,
        Item::Macro(own) => own.ident.as_ref()?,
        Item::Static(own) => &own.ident,
        Item::Struct(own) => &own.ident,
        Item::Trait(own) => &own.ident,
        Item::TraitAlias(own) => &own.ident,
        Item::Type(own) => &own.ident,
        Item::Union(own) => &own.ident,
        _ => return None,
    };
    Some(ident.to_string())
}

/// The file that `#[path = "…"]` names.
fn path_given(attributes: &[Attribute]) -> Option<String> {
    attributes.iter().find_map(|attribute| match &attribute.meta {
        Meta::NameValue(own) if own.path.is_ident("path") => match &own.value {
            syn::Expr::Lit(literal) => match &literal.lit {
                syn::Lit::Str(text) => Some(text.value()),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    })
}

/// Whether an attribute keeps what it stands on for tests.
pub fn is_test(attribute: &Attribute) -> bool {
    fn needs_test(meta: &Meta) -> bool {
        let Meta::List(list) = meta else { return meta.path().is_ident("test") };
        let parser = syn::punctuated::Punctuated::<Meta, syn::Token![,]>::parse_terminated;
        let all = list.path.is_ident("cfg") || list.path.is_ident("all");
        all && list.parse_args_with(parser).is_ok_and(|inner| inner.iter().any(needs_test))
    }
    needs_test(&attribute.meta)
}

/// A leaf of a `use`: what it is called here, its address, and whether it is everything there.
pub struct Leaf {
    pub name: Option<String>,
    pub path: Vec<String>,
    pub glob: bool,
    pub span: Span,
}

/// The leaves of a `use`.
pub fn leaves(tree: &UseTree) -> Vec<Leaf> {
    let mut found = Vec::new();
    collect(tree, &mut Vec::new(), &mut found);
    found
}

fn collect(tree: &UseTree, above: &mut Vec<String>, found: &mut Vec<Leaf>) {
    match tree {
        UseTree::Path(own) => {
            above.push(own.ident.to_string());
            collect(&own.tree, above, found);
            above.pop();
        }
        UseTree::Group(own) => own.items.iter().for_each(|inner| collect(inner, above, found)),
        UseTree::Name(own) => {
            let path = address(above, &own.ident.to_string());
            found.push(Leaf { name: path.last().cloned(), path, glob: false, span: own.ident.span() });
        }
        UseTree::Rename(own) => {
            let name = own.rename.to_string();
            let path = address(above, &own.ident.to_string());
            found.push(Leaf {
                name: (name != "_").then_some(name),
                path,
                glob: false,
                span: own.ident.span(),
            });
        }
        UseTree::Glob(own) => {
            let span = own.star_token.spans[0];
            found.push(Leaf { name: None, path: above.clone(), glob: true, span });
        }
    }
}

/// `a::b::{self}` is `a::b`.
fn address(above: &[String], last: &str) -> Vec<String> {
    let mut path = above.to_vec();
    if last != "self" || path.is_empty() {
        path.push(last.to_owned());
    }
    path
}

/// Whether an import hands on what it names.
pub const fn hands_on(visibility: &Visibility) -> bool {
    !matches!(visibility, Visibility::Inherited)
}
