//! Splits the text of an expression into tokens.

/// The kinds of tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A keyword, a function or the name of an attribute.
    Word,
    /// A placeholder of a name: `#name`.
    Name,
    /// A placeholder of a value: `:value`.
    Value,
    /// The digits of a list index.
    Index,
    /// An operator or a bracket.
    Symbol,
    /// A character that no expression has.
    Unknown,
}

/// A token and its place in the text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token<'t> {
    pub(super) kind: Kind,
    pub(super) text: &'t str,
    /// The place of its first byte.
    start: usize,
}

impl Token<'_> {
    fn end(&self) -> usize {
        self.start + self.text.len()
    }
}

/// Splits a text into tokens. The blanks between them are left out.
pub(super) fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens: Vec<Token<'_>> = Vec::new();
    let mut start = 0;
    while let Some(rest) = text.get(start..).filter(|rest| !rest.is_empty()) {
        let blank = rest.len() - rest.trim_start_matches(|letter: char| letter.is_ascii_whitespace()).len();
        if blank > 0 {
            start += blank;
            continue;
        }
        let follows_bracket = tokens.last().is_some_and(|token| token.text == "[" && token.end() == start);
        let (kind, length) = first(rest, follows_bracket);
        tokens.push(Token { kind, text: rest.get(..length).unwrap_or(rest), start });
        start += length.max(1);
    }
    tokens
}

/// The kind and the length in bytes of the token at the start of a text. `follows_bracket` says whether it stands
/// directly behind a `[`, where numbers are indexes.
fn first(rest: &str, follows_bracket: bool) -> (Kind, usize) {
    let is_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let name_length = |text: &str| text.len() - text.trim_start_matches(is_name).len();
    let mut letters = rest.chars();
    let (Some(letter), second) = (letters.next(), letters.next()) else { return (Kind::Unknown, rest.len()) };
    match letter {
        '#' | ':' => match name_length(letters_after(rest, 1)) {
            0 => (Kind::Unknown, 1),
            length => (if letter == '#' { Kind::Name } else { Kind::Value }, length + 1),
        },
        '<' if matches!(second, Some('>' | '=')) => (Kind::Symbol, 2),
        '>' if second == Some('=') => (Kind::Symbol, 2),
        '<' | '>' | '=' | '+' | '-' | '(' | ')' | '[' | ']' | '.' | ',' => (Kind::Symbol, 1),
        '0' if follows_bracket => (Kind::Index, 1),
        '1'..='9' if follows_bracket => {
            (Kind::Index, rest.len() - rest.trim_start_matches(|digit: char| digit.is_ascii_digit()).len())
        }
        letter if letter.is_ascii_alphabetic() || letter == '_' => (Kind::Word, name_length(rest)),
        letter => (Kind::Unknown, letter.len_utf8()),
    }
}

fn letters_after(text: &str, bytes: usize) -> &str {
    text.get(bytes..).unwrap_or_default()
}

/// DynamoDB's message that the token of this number does not belong where it is. It shows the token, and the text from
/// the token before it to the one after it.
pub(super) fn syntax_error(text: &str, tokens: &[Token<'_>], at: usize) -> String {
    let Some(token) = tokens.get(at) else {
        let near = tokens.last().map_or(text, |last| last.text);
        return format!("Syntax error; token: \"<EOF>\", near: \"{near}\"");
    };
    let start = at.checked_sub(1).and_then(|before| tokens.get(before)).map_or(token.start, |before| before.start);
    let end = tokens.get(at + 1).map_or(token.end(), Token::end);
    let near = text.get(start..end).unwrap_or_default();
    format!("Syntax error; token: \"{}\", near: \"{near}\"", token.text)
}
