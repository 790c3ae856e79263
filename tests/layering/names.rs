//! What code names: paths of types, values and macros, also inside macros and attributes, which the parser leaves as bare
//! tokens.

use std::collections::BTreeSet;

use proc_macro2::{Span, TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, Item, Meta};

use crate::source::{Import, Mention, ModuleId, Name, NamePath, hands_on, is_test, leaves};

/// What an item names and calls.
#[derive(Default)]
pub struct Found {
    pub imports: Vec<Import>,
    pub names: Vec<Name>,
    pub methods: Vec<(String, usize)>,
    /// Whether it pastes the text of another file with `include!`.
    pub pastes: bool,
}

/// What an item of a module names and calls.
pub fn of(item: &Item, module: ModuleId, test: bool) -> Found {
    let mut reader = Reader { module, test, locals: Vec::new(), found: Found::default() };
    reader.visit_item(item);
    reader.found
}

struct Reader {
    module: ModuleId,
    test: bool,
    /// Variables of the functions around, which hide items of the same name.
    locals: Vec<BTreeSet<String>>,
    found: Found,
}

impl Reader {
    fn add(&mut self, foreign: bool, segments: Vec<String>, mention: Mention, span: Span) {
        let path = NamePath { foreign, segments };
        let line = span.start().line;
        self.found.names.push(Name { module: self.module, path, mention, line, test: self.test });
    }

    fn is_local(&self, name: &str) -> bool {
        self.locals.iter().any(|locals| locals.contains(name))
    }

    fn add_path(&mut self, path: &syn::Path, mention: Mention) {
        let segments: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        if let Some(first) = path.segments.first() {
            self.add(path.leading_colon.is_some(), segments, mention, first.ident.span());
        }
    }

    /// Goes on with the attributes of a piece of code in mind.
    fn within(&mut self, attributes: &[Attribute], inner: impl FnOnce(&mut Self)) {
        let before = self.test;
        self.test |= attributes.iter().any(is_test);
        inner(self);
        self.test = before;
    }

    fn within_function(&mut self, collect: impl FnOnce(&mut Locals), inner: impl FnOnce(&mut Self)) {
        let mut locals = Locals::default();
        collect(&mut locals);
        self.locals.push(locals.0);
        inner(self);
        self.locals.pop();
    }

    /// Names among bare tokens: identifiers between `::`, and methods after a dot.
    fn tokens(&mut self, tokens: TokenStream) {
        let mut path = TokenPath::default();
        let mut trees = tokens.into_iter().peekable();
        while let Some(tree) = trees.next() {
            match tree {
                TokenTree::Ident(ident) if path.after_dot => {
                    self.end(&mut path);
                    if matches!(trees.peek(), Some(TokenTree::Group(_))) {
                        self.found.methods.push((ident.to_string(), ident.span().start().line));
                    }
                }
                TokenTree::Ident(ident) => {
                    if path.colons != 2 {
                        self.end(&mut path);
                    }
                    path.colons = 0;
                    path.start.get_or_insert(ident.span());
                    path.segments.push(ident.to_string());
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' && path.colons < 2 => path.colons += 1,
                TokenTree::Punct(punct) => {
                    self.end(&mut path);
                    path.after_dot = punct.as_char() == '.';
                }
                TokenTree::Group(group) => {
                    self.end(&mut path);
                    self.tokens(group.stream());
                }
                TokenTree::Literal(_) => self.end(&mut path),
            }
        }
        self.end(&mut path);
    }

    /// Notes the path that has come to its end.
    fn end(&mut self, path: &mut TokenPath) {
        let TokenPath { segments, start, .. } = std::mem::take(path);
        let (Some(start), Some(first)) = (start, segments.first()) else { return };
        if segments.len() > 1 || !self.is_local(first) {
            self.note_primitive(&segments, start);
            self.add(false, segments, Mention::Code, start);
        }
    }

    /// `f64::ln` is a method by another name.
    fn note_primitive(&mut self, segments: &[String], span: Span) {
        if let [primitive, method] = segments
            && matches!(&**primitive, "f64" | "f32")
        {
            self.found.methods.push((method.clone(), span.start().line));
        }
    }
}

/// A path among tokens, as far as it has been read.
#[derive(Default)]
struct TokenPath {
    segments: Vec<String>,
    start: Option<Span>,
    colons: usize,
    after_dot: bool,
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item(&mut self, item: &'ast Item) {
        let none = Vec::new();
        let attributes = match item {
            Item::Const(own) => &own.attrs,
            Item::Enum(own) => &own.attrs,
            Item::Fn(own) => &own.attrs,
            Item::Impl(own) => &own.attrs,
            Item::Macro(own) => &own.attrs,
            Item::Static(own) => &own.attrs,
            Item::Struct(own) => &own.attrs,
            Item::Trait(own) => &own.attrs,
            Item::Type(own) => &own.attrs,
            Item::Use(own) => &own.attrs,
            _ => &none,
        };
        self.within(attributes, |reader| visit::visit_item(reader, item));
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        panic!("the module {} stands inside a function, where this test does not look", item.ident);
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        let foreign = item.leading_colon.is_some();
        for leaf in leaves(&item.tree) {
            let mention = match (leaf.glob, hands_on(&item.vis)) {
                (true, _) => Mention::Glob,
                (false, true) => Mention::Reexport,
                (false, false) => Mention::Import,
            };
            self.add(foreign, leaf.path.clone(), mention, leaf.span);
            if !leaf.glob {
                let path = NamePath { foreign, segments: leaf.path };
                self.found.imports.push(Import { name: leaf.name, path });
            }
        }
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.within_function(
            |locals| locals.visit_item_fn(item),
            |reader| visit::visit_item_fn(reader, item),
        );
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.within(&item.attrs, |reader| {
            reader.within_function(
                |locals| locals.visit_impl_item_fn(item),
                |reader| visit::visit_impl_item_fn(reader, item),
            );
        });
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        self.within_function(
            |locals| locals.visit_trait_item_fn(item),
            |reader| visit::visit_trait_item_fn(reader, item),
        );
    }

    /// `pub(super)` names nothing.
    fn visit_vis_restricted(&mut self, _: &'ast syn::VisRestricted) {}

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        let Meta::List(list) = &attribute.meta else { return };
        if list.path.is_ident("serde") {
            // Its functions are named in strings.
            for text in strings(list.tokens.clone()) {
                if let Ok(path) = text.parse::<syn::Path>()
                    && path.segments.len() > 1
                {
                    self.visit_path(&path);
                }
            }
        }
        self.tokens(list.tokens.clone());
    }

    fn visit_macro(&mut self, called: &'ast syn::Macro) {
        self.found.pastes |= called.path.is_ident("include");
        self.add_path(&called.path, Mention::Macro);
        self.tokens(called.tokens.clone());
    }

    fn visit_expr_call(&mut self, call: &'ast syn::ExprCall) {
        // Even beside a variable of that name: what is called is seldom a variable.
        if let syn::Expr::Path(called) = &*call.func
            && called.path.get_ident().is_some()
        {
            self.add_path(&called.path, Mention::Code);
        }
        visit::visit_expr_call(self, call);
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        self.found.methods.push((call.method.to_string(), call.method.span().start().line));
        visit::visit_expr_method_call(self, call);
    }

    fn visit_expr_path(&mut self, own: &'ast syn::ExprPath) {
        if let Some(qself) = &own.qself
            && let syn::Type::Path(inner) = &*qself.ty
            && let (Some(primitive), Some(last)) = (inner.path.get_ident(), own.path.segments.last())
        {
            self.note_primitive(&[primitive.to_string(), last.ident.to_string()], last.ident.span());
        }
        visit::visit_expr_path(self, own);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let local = path.get_ident().is_some_and(|only| self.is_local(&only.to_string()));
        if !local {
            let segments: Vec<String> =
                path.segments.iter().map(|segment| segment.ident.to_string()).collect();
            if let Some(first) = path.segments.first() {
                self.note_primitive(&segments, first.ident.span());
            }
            self.add_path(path, Mention::Code);
        }
        visit::visit_path(self, path);
    }
}

/// Strings among tokens.
fn strings(tokens: TokenStream) -> Vec<syn::LitStr> {
    let mut found = Vec::new();
    for tree in tokens {
        match tree {
            TokenTree::Literal(literal) => {
                found.extend(syn::parse2::<syn::LitStr>(TokenTree::Literal(literal).into()));
            }
            TokenTree::Group(group) => found.extend(strings(group.stream())),
            _ => {}
        }
    }
    found
}

/// The variables of a function; constants and variants, which patterns may name too, begin with a capital.
#[derive(Default)]
struct Locals(BTreeSet<String>);

impl<'ast> Visit<'ast> for Locals {
    fn visit_pat_ident(&mut self, pattern: &'ast syn::PatIdent) {
        let name = pattern.ident.to_string();
        if name.starts_with(char::is_lowercase) {
            self.0.insert(name);
        }
        visit::visit_pat_ident(self, pattern);
    }
}
