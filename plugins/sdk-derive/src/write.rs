//! The implementation that follows from what an enum says.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;

use crate::read::{Argument, Command, Commands};

pub(crate) fn commands(Commands { name, commands }: &Commands) -> TokenStream {
    let abouts = commands.iter().map(about);
    let reads = commands.iter().enumerate().map(|(place, command)| read(place, command));
    let orders = commands.iter().flat_map(order);
    quote! {
        #(#orders)*

        #[automatically_derived]
        impl ::ramson_sdk::bot::Commands for #name {
            const COMMANDS: &'static [::ramson_sdk::bot::About] = &[#(#abouts),*];

            fn read(
                place: ::core::primitive::usize,
                words: &mut ::ramson_sdk::bot::Words<'_>,
            ) -> ::core::option::Option<
                ::core::result::Result<Self, ::ramson_sdk::bot::CommandError>,
            > {
                ::core::option::Option::Some(match place {
                    #(#reads)*
                    _ => return ::core::option::Option::None,
                })
            }
        }
    }
}

fn about(command: &Command) -> TokenStream {
    let Command { name, aliases, help, hidden, fields, .. } = command;
    let fields = fields.iter().map(|Argument { shown, kind, .. }| {
        quote! { ::ramson_sdk::bot::Field::of::<#kind>(#shown) }
    });
    quote! {
        ::ramson_sdk::bot::About {
            name: #name,
            aliases: &[#(#aliases),*],
            help: #help,
            hidden: #hidden,
            fields: &[#(#fields),*],
        }
    }
}

fn read(place: usize, command: &Command) -> TokenStream {
    let variant = &command.variant;
    let fields = command.fields.iter().enumerate().map(|(number, argument)| {
        let kind = &argument.kind;
        let field = match &argument.field {
            Some(field) => field.to_token_stream(),
            None => proc_macro2::Literal::usize_unsuffixed(number).to_token_stream(),
        };
        quote_spanned! { kind.span() =>
            #field: match words.argument::<#kind>(#number) {
                ::core::result::Result::Ok(value) => value,
                ::core::result::Result::Err(error) => {
                    return ::core::option::Option::Some(::core::result::Result::Err(error));
                }
            },
        }
    });
    quote! { #place => ::core::result::Result::Ok(Self::#variant { #(#fields)* }), }
}

/// What the compiler looks at: nothing can follow the rest of a line, and only
/// what may be left out can follow what may be left out.
fn order(command: &Command) -> Vec<TokenStream> {
    let pairs = command.fields.iter().zip(command.fields.iter().skip(1));
    let pair = |(first, second): (&Argument, &Argument)| {
        let (before, after) = (&first.kind, &second.kind);
        let rest = format!("'{}' takes the rest of the line: it stands last", first.shown);
        let order = format!(
            "'{}' may be left out: what follows it, '{}', has to be an Option, too",
            first.shown, second.shown,
        );
        quote_spanned! { before.span() =>
            const _: () = {
                ::core::assert!(!<#before as ::ramson_sdk::bot::Argument>::REST, #rest);
                ::core::assert!(
                    !<#before as ::ramson_sdk::bot::Argument>::OPTIONAL
                        || <#after as ::ramson_sdk::bot::Argument>::OPTIONAL,
                    #order
                );
            };
        }
    };
    pairs.map(pair).collect()
}
