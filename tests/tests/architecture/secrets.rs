//! Secrets are wiped, and never shown, written out or copied.

use std::collections::BTreeSet;

use crate::code::{Token, tokens};
use crate::files::{Source, none, rust};

/// Types that are secrets, whatever they derive. Every other type that
/// derives or implements `ZeroizeOnDrop` counts as one too.
const SECRETS: &[&str] =
    &["Seed", "AccountKeys", "Ed25519Secret", "X25519Secret", "SharedSecret", "LayerKey"];

/// What would let a secret out.
const LEAKS: &[&str] = &["Debug", "Display", "Clone", "Copy", "Serialize"];

/// A type, the traits it derives or implements in the file, and its line.
struct Trait<'a> {
    of: &'a str,
    name: &'a str,
    line: usize,
}

/// Every type defined in the file with its line, and every derived or
/// implemented trait.
fn traits<'a>(tokens: &[Token<'a>]) -> (Vec<(&'a str, usize)>, Vec<Trait<'a>>) {
    let (mut types, mut traits) = (Vec::new(), Vec::new());
    let mut derived: Vec<Token<'a>> = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let after = |count: usize| tokens.get(at + count).copied();
        match token.text {
            "derive" => {
                let inside = tokens.iter().skip(at + 2);
                derived.extend(inside.take_while(|it| it.text != ")").copied());
            }
            "struct" | "enum" | "union" => {
                if let Some(name) = after(1) {
                    types.push((name.text, name.line));
                    let derived = derived.drain(..);
                    traits.extend(derived.map(|it| Trait {
                        of: name.text,
                        name: it.text,
                        line: it.line,
                    }));
                }
            }
            // Whatever else an attribute can stand on.
            "fn" | "mod" | "use" | "const" | "static" | "trait" | "type" => derived.clear(),
            "impl" => {
                let head = tokens.iter().skip(at).take_while(|it| !matches!(it.text, "{" | ";"));
                let head: Vec<_> = head.collect();
                if let Some(split) = head.iter().position(|it| it.text == "for")
                    && let (Some(name), Some(of)) = (
                        split.checked_sub(1).and_then(|before| head.get(before)),
                        head.get(split + 1),
                    )
                {
                    traits.push(Trait { of: of.text, name: name.text, line: token.line });
                }
            }
            _ => {}
        }
    }
    (types, traits)
}

fn leaks(file: &Source) -> Vec<String> {
    let tokens = tokens(&file.text);
    let (_, traits) = traits(&tokens);
    let wiped = traits.iter().filter(|it| it.name == "ZeroizeOnDrop").map(|it| it.of);
    let secrets: BTreeSet<&str> = SECRETS.iter().copied().chain(wiped).collect();
    let leaking = |it: &&Trait<'_>| secrets.contains(it.of) && LEAKS.contains(&it.name);
    let complain = |it: &Trait<'_>| {
        format!(
            "{}:{}: {} is a secret and must not be {}; show, write and copy its public half",
            file.path, it.line, it.of, it.name
        )
    };
    traits.iter().filter(leaking).map(complain).collect()
}

#[test]
fn secrets_are_kept() -> Result<(), String> {
    let files = rust(&["engine", "actors", "plugins"])?;
    none(&files.iter().flat_map(leaks).collect::<Vec<_>>())
}

/// A list of names that nobody has any more would guard nothing.
#[test]
fn the_listed_secrets_exist() -> Result<(), String> {
    let files = rust(&["engine/crypto"])?;
    let defined: BTreeSet<String> = files
        .iter()
        .flat_map(|file| traits(&tokens(&file.text)).0)
        .map(|(name, _)| name.to_owned())
        .collect();
    let gone = SECRETS.iter().filter(|name| !defined.contains(**name));
    none(
        &gone
            .map(|name| {
                format!("{name} is not in engine/crypto any more; put its new name in SECRETS")
            })
            .collect::<Vec<_>>(),
    )
}

#[test]
fn leaks_are_found() {
    let found = |text: &str| {
        leaks(&Source { path: "engine/crypto/src/seed.rs".to_owned(), text: text.to_owned() })
    };
    assert_eq!(found("#[derive(Clone, Debug)]\npub struct Seed([u8; 32]);").len(), 2);
    assert_eq!(
        found("#[derive(ZeroizeOnDrop)]\npub(crate) struct New;\nimpl fmt::Debug for New {}").len(),
        1
    );
    assert_eq!(
        found("#[derive(serde::Serialize)]\n/// Doc.\n#[repr(C)]\npub struct LayerKey;").len(),
        1
    );
    assert_eq!(found("impl<'a> Clone for Ed25519Secret {}").len(), 1);
    assert_eq!(found("#[derive(ZeroizeOnDrop)]\npub struct Seed([u8; 32]);").len(), 0);
    assert_eq!(found("#[derive(Debug, Clone)]\npub struct SeedError;\npub struct Seed;").len(), 0);
    let told = found("\n#[derive(Debug)]\nstruct Seed;");
    assert!(told[0].starts_with("engine/crypto/src/seed.rs:2: Seed is a secret"), "{told:?}");
}
