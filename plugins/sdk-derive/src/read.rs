//! What an enum says of its commands.

use std::collections::BTreeSet;

use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::{Attribute, Data, DeriveInput, Error, Expr, Field, Fields, Ident, Lit, LitStr, Meta};
use syn::{Type, Variant};

/// An enum of commands.
pub(crate) struct Commands {
    pub(crate) name: Ident,
    pub(crate) commands: Vec<Command>,
}

/// One of them.
pub(crate) struct Command {
    /// The variant.
    pub(crate) variant: Ident,
    /// What it is called by, in small letters.
    pub(crate) name: String,
    /// What else.
    pub(crate) aliases: Vec<String>,
    /// The first paragraph of its doc comment.
    pub(crate) help: String,
    /// Not in the help.
    pub(crate) hidden: bool,
    /// In the order in which they are written.
    pub(crate) fields: Vec<Argument>,
}

/// A field of one.
pub(crate) struct Argument {
    /// `None` where fields have no names.
    pub(crate) field: Option<Ident>,
    /// As people read it.
    pub(crate) shown: String,
    pub(crate) kind: Type,
}

pub(crate) fn commands(input: &DeriveInput) -> Result<Commands, Error> {
    let Data::Enum(data) = &input.data else {
        return Err(Error::new(input.ident.span(), "commands are an enum, one variant for each"));
    };
    if !input.generics.params.is_empty() {
        return Err(Error::new(input.generics.span(), "commands have no generic parameters"));
    }
    if data.variants.is_empty() {
        return Err(Error::new(input.ident.span(), "there has to be a command"));
    }
    if let Some(attribute) = input.attrs.iter().find(|it| it.path().is_ident("command")) {
        let text = "'#[command(…)]' stands before a variant, not before the enum";
        return Err(Error::new(attribute.span(), text));
    }
    let mut taken = BTreeSet::new();
    let mut commands = Vec::new();
    for variant in &data.variants {
        let (command, names) = command(variant)?;
        for (name, at) in names {
            if !taken.insert(name.clone()) {
                return Err(Error::new(at, format!("there are two commands '/{name}'")));
            }
        }
        commands.push(command);
    }
    Ok(Commands { name: input.ident.clone(), commands })
}

/// A command, and everything that it is called with where that stands.
fn command(variant: &Variant) -> Result<(Command, Vec<(String, Span)>), Error> {
    let mut name = (snake(&variant.ident.to_string()), variant.ident.span());
    let (mut aliases, mut hidden) = (Vec::new(), false);
    for attribute in variant.attrs.iter().filter(|it| it.path().is_ident("command")) {
        attribute.parse_nested_meta(|meta| {
            if meta.path.is_ident("hide") {
                hidden = true;
            } else if meta.path.is_ident("rename") {
                name = called(&meta.value()?.parse()?)?;
            } else if meta.path.is_ident("alias") {
                aliases.push(called(&meta.value()?.parse()?)?);
            } else {
                let text = "here stands 'alias = \"…\"', 'rename = \"…\"' or 'hide'";
                return Err(meta.error(text));
            }
            Ok(())
        })?;
    }
    let fields = match &variant.fields {
        Fields::Unit => Vec::new(),
        Fields::Named(fields) => fields.named.iter().map(argument).collect(),
        Fields::Unnamed(fields) => fields.unnamed.iter().map(argument).collect(),
    };
    let command = Command {
        variant: variant.ident.clone(),
        name: name.0.clone(),
        aliases: aliases.iter().map(|(alias, _)| alias.clone()).collect(),
        help: help(&variant.attrs),
        hidden,
        fields,
    };
    aliases.insert(0, name);
    Ok((command, aliases))
}

/// What a command is called by: words of a text begin so, and people type it.
fn called(text: &LitStr) -> Result<(String, Span), Error> {
    let name = text.value().to_lowercase();
    let allowed = |one: char| one.is_alphanumeric() || one == '_' || one == '-';
    let begins = name.chars().next().is_some_and(char::is_alphabetic);
    match begins && name.chars().all(allowed) {
        true => Ok((name, text.span())),
        false => Err(Error::new(
            text.span(),
            "a command is called by a letter and then letters, digits, '_' and '-'; the '/' is not written here",
        )),
    }
}

fn argument(field: &Field) -> Argument {
    let shown = match (&field.ident, &field.ty) {
        (Some(name), _) => name.to_string().trim_start_matches("r#").to_owned(),
        (None, Type::Path(path)) => {
            path.path.segments.last().map_or_else(String::new, |it| it.ident.to_string())
        }
        (None, _) => "value".to_owned(),
    };
    let shown = shown.to_lowercase();
    Argument { field: field.ident.clone(), shown, kind: field.ty.clone() }
}

/// The first paragraph of a doc comment, on one line.
fn help(attributes: &[Attribute]) -> String {
    let lines = attributes.iter().filter_map(|attribute| match &attribute.meta {
        Meta::NameValue(it) if it.path.is_ident("doc") => match &it.value {
            Expr::Lit(expr) => match &expr.lit {
                Lit::Str(text) => Some(text.value().trim().to_owned()),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    });
    let first = lines.skip_while(String::is_empty).take_while(|line| !line.is_empty());
    first.collect::<Vec<_>>().join(" ")
}

/// `RemindMe` as `remind_me`.
fn snake(name: &str) -> String {
    let mut snake = String::new();
    let mut small = false;
    for one in name.trim_start_matches("r#").chars() {
        if one.is_uppercase() && small {
            snake.push('_');
        }
        small = !one.is_uppercase();
        snake.extend(one.to_lowercase());
    }
    snake
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Commands, String> {
        commands(&syn::parse_str(text).unwrap()).map_err(|error| error.to_string())
    }

    #[test]
    fn names_aliases_help_and_fields_are_read() {
        let text = r#"enum Command {
            /// shows
            /// this
            ///
            /// and not that
            Help,
            #[command(alias = "r", alias = "Rem", hide)]
            RemindMe { r#in: Span, text: Rest },
            #[command(rename = "ban")]
            Block(wire::AccountId),
        }"#;
        let Commands { name, commands } = read(text).unwrap();
        let names: Vec<_> = commands.iter().map(|it| it.name.as_str()).collect();
        assert_eq!(
            (name.to_string().as_str(), names),
            ("Command", vec!["help", "remind_me", "ban"])
        );
        assert_eq!(commands[0].help, "shows this");
        assert_eq!(
            (&*commands[1].aliases, commands[1].hidden),
            (&["r".into(), "rem".into()][..], true)
        );
        let shown = |command: &Command| {
            command.fields.iter().map(|it| it.shown.clone()).collect::<Vec<_>>()
        };
        assert_eq!(
            [shown(&commands[1]), shown(&commands[2])],
            [vec!["in", "text"], vec!["accountid"]]
        );
    }

    #[test]
    fn what_is_wrong_is_said() {
        let said = |text: &str| read(text).err().unwrap_or_default();
        assert!(said("struct Command;").contains("are an enum"));
        assert!(said("enum Command {}").contains("has to be a command"));
        assert!(said("enum Command<T> { Help(T) }").contains("no generic"));
        assert!(said("enum Command { #[command(alias = \"a\")] A }").contains("two commands '/a'"));
        assert!(said("enum Command { #[command(alias = \"/b\")] A }").contains("'/' is not"));
        assert!(said("enum Command { #[command(short = \"b\")] A }").contains("here stands"));
        assert!(said("#[command(hide)] enum Command { A }").contains("before a variant"));
    }

    #[test]
    fn a_name_is_made_of_small_letters() {
        for (name, made) in [("Help", "help"), ("AddToList", "add_to_list"), ("RSS", "rss")] {
            assert_eq!(snake(name), made);
        }
    }
}
