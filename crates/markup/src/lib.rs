//! `view!` for the page: elements as calls of the one builder in `src/web/element.rs`.
//!
//! The framework's macro gives every element and every attribute a type of its own, and the compiler code for each; the
//! page would weigh a sixth more. What is written is the same, and components and markup without anything that changes
//! still go to the framework's macro.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use rstml::Infallible;
use rstml::node::{KeyedAttribute, Node, NodeAttribute};
use syn::spanned::Spanned;
use syn::{Expr, Ident, Stmt};

type NodeElement = rstml::node::NodeElement<Infallible>;

/// Elements that belong to drawings, not to documents.
const DRAWN: [&str; 3] = ["svg", "path", "circle"];

/// Markup as an `AnyView`.
#[proc_macro]
pub fn view(tokens: proc_macro::TokenStream) -> proc_macro::TokenStream {
    let view = rstml::parse2(tokens.into()).and_then(|nodes| view_of(&nodes));
    view.unwrap_or_else(|error| error.to_compile_error()).into()
}

fn view_of(nodes: &[Node]) -> syn::Result<TokenStream> {
    if let [node] = nodes {
        return alone(node);
    }
    let all = nodes.iter().map(alone).collect::<syn::Result<Vec<_>>>()?;
    Ok(quote! {
        ::leptos::prelude::IntoAny::into_any(
            ::leptos::tachys::view::iterators::StaticVec::from(::std::vec![#(#all),*])
        )
    })
}

/// A node as a view of its own.
fn alone(node: &Node) -> syn::Result<TokenStream> {
    Ok(match node {
        Node::Element(element) if is_component(element) => component(element)?,
        Node::Element(element) if is_still(node) => framework(element),
        Node::Element(element) => self::element(element)?,
        Node::Text(text) => {
            let text = &text.value;
            quote! { ::leptos::prelude::IntoAny::into_any(#text) }
        }
        Node::Block(_) => {
            let content = block(node);
            quote! { ::leptos::prelude::IntoAny::into_any(::leptos::prelude::IntoRender::into_render(#content)) }
        }
        Node::Fragment(fragment) => view_of(&fragment.children)?,
        other => return Err(syn::Error::new(other.span(), "the page has no use for this")),
    })
}

/// What stands between braces. A closure is boxed, so that all of them are of one type.
fn block(node: &Node) -> TokenStream {
    let Node::Block(block) = node else { return quote! { #node } };
    match block.try_block().map(|block| block.stmts.as_slice()) {
        Some([Stmt::Expr(closure @ Expr::Closure(_), None)]) => quote! { crate::web::lean::views(#closure) },
        Some([Stmt::Expr(plain, None)]) => quote! { #plain },
        _ => quote! { #block },
    }
}

fn framework(element: &NodeElement) -> TokenStream {
    quote! { ::leptos::prelude::IntoAny::into_any(::leptos::prelude::view! { #element }) }
}

/// A component by the framework's macro; its children by this one.
fn component(element: &NodeElement) -> syn::Result<TokenStream> {
    if element.children.is_empty() {
        return Ok(framework(element));
    }
    let name = element.name();
    let attributes = element.attributes();
    let children = view_of(&element.children)?;
    Ok(quote! {
        ::leptos::prelude::IntoAny::into_any(
            ::leptos::prelude::view! { <#name #(#attributes)*> { #children } </#name> }
        )
    })
}

fn element(element: &NodeElement) -> syn::Result<TokenStream> {
    let name = element.name().to_string();
    let start = if DRAWN.contains(&name.as_str()) {
        quote! { crate::web::element::drawn(#name) }
    } else {
        quote! { crate::web::element::element(#name) }
    };
    let mut calls = Vec::new();
    for attribute in element.attributes() {
        match attribute {
            NodeAttribute::Attribute(attribute) => calls.push(self::attribute(attribute)?),
            NodeAttribute::Block(block) => {
                return Err(syn::Error::new(block.span(), "an attribute needs its name"));
            }
        }
    }
    for child in &element.children {
        calls.push(match child {
            Node::Text(text) => {
                let text = &text.value;
                quote! { .text(#text) }
            }
            Node::Block(_) => {
                let content = block(child);
                quote! { .child(#content) }
            }
            other => {
                let view = alone(other)?;
                quote! { .view(#view) }
            }
        });
    }
    Ok(quote! { #start #(#calls)* .done() })
}

fn attribute(attribute: &KeyedAttribute) -> syn::Result<TokenStream> {
    let key = attribute.key.to_string();
    let span = attribute.key.span();
    let Some(value) = attribute.value() else { return Ok(quote! { .fixed(#key, "") }) };
    let value = unbraced(value);
    let (kind, name) = key.split_once(':').unwrap_or(("", &key));
    Ok(match kind {
        "on" => {
            let event = Ident::new(name, Span::call_site());
            quote_spanned! { span=> .on(&::leptos::ev::#event, #value) }
        }
        "class" => quote_spanned! { span=> .class(#name, #value) },
        "style" => quote_spanned! { span=> .style(#name, #value) },
        "prop" => quote_spanned! { span=> .prop(#name, #value) },
        "" if key == "node_ref" => quote_spanned! { span=> .node_ref(#value) },
        "" => match attribute.value_literal_string() {
            Some(text) if text != "false" && text != "true" => quote_spanned! { span=> .fixed(#key, #text) },
            Some(text) if is_text(value) => quote_spanned! { span=> .fixed(#key, #text) },
            _ => quote_spanned! { span=> .attr(#key, #value) },
        },
        _ => {
            return Err(syn::Error::new(
                span,
                "no such kind of attribute: on, class, style and prop are known",
            ));
        }
    })
}

fn is_text(value: &Expr) -> bool {
    matches!(value, Expr::Lit(literal) if matches!(literal.lit, syn::Lit::Str(_)))
}

/// `{value}` as `value`.
fn unbraced(value: &Expr) -> &Expr {
    match value {
        Expr::Block(block) => match block.block.stmts.as_slice() {
            [Stmt::Expr(inner, None)] => inner,
            _ => value,
        },
        _ => value,
    }
}

fn is_component(element: &NodeElement) -> bool {
    let name = element.name().to_string();
    name.rsplit("::")
        .next()
        .unwrap_or_default()
        .trim()
        .starts_with(|letter: char| letter.is_ascii_uppercase())
}

/// Whether nothing in it ever changes, and it is more than an empty element.
fn is_still(node: &Node) -> bool {
    let Node::Element(element) = node else { return false };
    !(element.attributes().is_empty() && element.children.is_empty()) && stands(node)
}

fn stands(node: &Node) -> bool {
    match node {
        Node::Text(_) => true,
        Node::Element(element) => {
            let fixed = element.attributes().iter().all(|attribute| match attribute {
                NodeAttribute::Attribute(own) => {
                    !own.key.to_string().contains(':') && own.value().is_none_or(is_text)
                }
                NodeAttribute::Block(_) => false,
            });
            let drawn = DRAWN.contains(&element.name().to_string().as_str());
            !is_component(element) && !drawn && fixed && element.children.iter().all(stands)
        }
        _ => false,
    }
}
