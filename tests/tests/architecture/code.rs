//! Rust source as words and signs, without comments and without what stands
//! in quotes, so that a rule about code does not stumble over prose.

/// A word or a sign, and the line it stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token<'a> {
    pub(crate) text: &'a str,
    pub(crate) line: usize,
}

/// Takes source apart. `::` is one sign; all others are single characters.
pub(crate) fn tokens(source: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut rest = source;
    let mut line = 1;
    while let Some(first) = rest.chars().next() {
        let length = skipped(rest).unwrap_or(0);
        let length = if length > 0 {
            length
        } else {
            let length = match first {
                _ if is_word(first) => rest.find(|next| !is_word(next)).unwrap_or(rest.len()),
                ':' if rest.starts_with("::") => 2,
                _ => first.len_utf8(),
            };
            if let Some(text) = rest.get(..length).filter(|_| !first.is_whitespace()) {
                tokens.push(Token { text, line });
            }
            length
        };
        let (taken, left) = rest.split_at_checked(length).unwrap_or((rest, ""));
        line += taken.matches('\n').count();
        rest = left;
    }
    tokens
}

fn is_word(sign: char) -> bool {
    sign.is_alphanumeric() || sign == '_'
}

/// How many bytes of comment or literal `rest` begins with.
fn skipped(rest: &str) -> Option<usize> {
    if rest.starts_with("//") {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    if rest.starts_with("/*") {
        return Some(block_comment(rest));
    }
    // Prefixes of literals: b"", c"", r"", br##""##, b''.
    let literal = rest.trim_start_matches(['b', 'c', 'r', '#']);
    let prefix = rest.len() - literal.len();
    let marks = rest.get(..prefix)?;
    let raw = marks.contains('r');
    if literal.starts_with('"') && (raw || marks.len() < 2 && !marks.contains('#')) {
        let inside = if raw {
            let end = format!("\"{}", "#".repeat(marks.matches('#').count()));
            literal.get(1..)?.find(&end).map(|at| at + 1 + end.len())
        } else {
            quoted(literal, '"')
        };
        return Some(prefix + inside.unwrap_or(literal.len()));
    }
    if literal.starts_with('\'') && matches!(marks, "" | "b") {
        return char_literal(literal).map(|length| prefix + length);
    }
    None
}

fn block_comment(rest: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(left) = rest.get(at..).filter(|left| !left.is_empty()) {
        if left.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if left.starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += left.chars().next().map_or(1, char::len_utf8);
        }
    }
    rest.len()
}

/// The length of a literal in quotes, its backslashes heeded.
fn quoted(literal: &str, quote: char) -> Option<usize> {
    let mut signs = literal.char_indices().skip(1);
    while let Some((at, sign)) = signs.next() {
        if sign == '\\' {
            signs.next();
        } else if sign == quote {
            return Some(at + 1);
        }
    }
    None
}

/// The length of a character literal; `None` for a lifetime.
fn char_literal(literal: &str) -> Option<usize> {
    let mut signs = literal.chars().skip(1);
    match (signs.next()?, signs.next()?) {
        ('\\', _) => quoted(literal, '\''),
        (sign, '\'') => Some(2 + sign.len_utf8()),
        _ => None,
    }
}

/// Lines on which the path `first::second` is named, spelled out or out of
/// the braces of a `use`.
pub(crate) fn path_lines(tokens: &[Token<'_>], first: &str, second: &str) -> Vec<usize> {
    let mut lines = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let text = |after: usize| tokens.get(at + after).map(|token| token.text);
        if token.text != first || text(1) != Some("::") {
            continue;
        }
        if text(2) == Some(second) {
            lines.push(token.line);
        } else if text(2) == Some("{") {
            let inside = tokens.get(at + 3..).unwrap_or_default();
            lines.extend(braced(inside).filter(|inner| inner.text == second).map(|it| it.line));
        }
    }
    lines
}

/// What stands directly in braces that were just opened: heads of paths only.
fn braced<'a, 'b>(inside: &'b [Token<'a>]) -> impl Iterator<Item = &'b Token<'a>> {
    let mut depth = 1_usize;
    let mut head = true;
    inside
        .iter()
        .take_while(move |token| {
            match token.text {
                "{" => depth += 1,
                "}" => depth -= 1,
                _ => {}
            }
            depth > 0
        })
        .filter(move |token| {
            let is_head = head;
            head = matches!(token.text, "," | "{");
            is_head
        })
}

#[test]
fn comments_and_quotes_are_no_code() {
    let source = r####"
        // tokio
        /* tokio /* tokio */ tokio */
        let a = "tokio \" tokio"; let b = r##"tokio " "# tokio"##; let c = b"tokio";
        let d = '"'; let e: &'static str = '\'' /* tokio */;
        tokio::spawn(br"x")
    "####;
    let found: Vec<_> = tokens(source).into_iter().filter(|it| it.text == "tokio").collect();
    assert_eq!(found, [Token { text: "tokio", line: 6 }]);
    let words: Vec<_> = tokens("r#type crab b'x' rb").iter().map(|it| it.text).collect();
    assert_eq!(words, ["r", "#", "type", "crab", "rb"]);
}

#[test]
fn paths_are_found_in_either_spelling() {
    let lines = |source| path_lines(&tokens(source), "std", "fs");
    assert_eq!(lines("use std::fs;"), [1]);
    assert_eq!(lines("\nstd::fs::read(x)"), [2]);
    assert_eq!(lines("use std::{\n  io::Read,\n  fs::{self, File},\n};"), [3]);
    assert_eq!(lines("use std::{io::{Read, fs}}; use mine::fs;").len(), 1, "errs on the safe side");
    assert_eq!(lines("use std::{io, path}; fs();").len(), 0);
}
