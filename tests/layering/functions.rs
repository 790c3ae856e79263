//! Functions with their length and how much they ask for.

use syn::visit::{self, Visit};
use syn::{Attribute, Block, Signature};

/// A function as it stands in a file.
pub struct Function {
    pub name: String,
    /// Where its signature begins, from 1.
    pub line: usize,
    /// From its signature to its closing brace.
    pub lines: usize,
    /// With `self`.
    pub parameters: usize,
    /// Whether a reason beside it excuses the number of its parameters.
    pub excused: bool,
}

/// The functions of a file, tests included.
pub fn of(file: &syn::File) -> Vec<Function> {
    let mut found = Functions::default();
    found.visit_file(file);
    found.0
}

#[derive(Default)]
struct Functions(Vec<Function>);

impl Functions {
    fn add(&mut self, attributes: &[Attribute], signature: &Signature, block: &Block) {
        let line = signature.fn_token.span.start().line;
        let end = block.brace_token.span.close().end().line;
        self.0.push(Function {
            name: signature.ident.to_string(),
            line,
            lines: end + 1 - line,
            parameters: signature.inputs.len(),
            excused: attributes.iter().any(excuses),
        });
    }
}

/// Whether it is `#[expect(clippy::too_many_arguments, reason = "…")]`.
fn excuses(attribute: &Attribute) -> bool {
    let syn::Meta::List(list) = &attribute.meta else { return false };
    let tokens = list.tokens.to_string();
    list.path.is_ident("expect") && tokens.contains("too_many_arguments") && tokens.contains("reason")
}

impl<'ast> Visit<'ast> for Functions {
    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.add(&item.attrs, &item.sig, &item.block);
        visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.add(&item.attrs, &item.sig, &item.block);
        visit::visit_impl_item_fn(self, item);
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        if let Some(block) = &item.default {
            self.add(&item.attrs, &item.sig, block);
        }
        visit::visit_trait_item_fn(self, item);
    }
}

#[test]
fn length_and_parameters_are_counted() {
    let text = "
#[component]
/// Words.
pub fn short(a: u8) -> u8 { a }
impl S {
    #[expect(clippy::too_many_arguments, reason = \"each is one\")]
    fn method(
        &self,
        b: u8,
    ) {
        fn inner() {}
    }
}
trait T { fn none(&self); fn some(&self) {
    } }
";
    let found = of(&syn::parse_file(text).unwrap());
    let told: Vec<_> =
        found.iter().map(|own| (&*own.name, own.line, own.lines, own.parameters, own.excused)).collect();
    assert_eq!(
        told,
        [
            ("short", 4, 1, 1, false),
            ("method", 7, 6, 2, true),
            ("inner", 11, 1, 0, false),
            ("some", 14, 2, 1, false)
        ]
    );
}
