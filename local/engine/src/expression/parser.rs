//! What the parsers of all expressions share: a place in the tokens of a text, and paths.

use super::path::Step;
use super::placeholders::Uses;
use super::reserved::is_reserved;
use super::token::{Kind, Token, syntax_error, tokens};

/// The longest expression, in bytes.
const BYTES_MAX: usize = 4_096;

/// How deeply the parts of an expression may be nested. DynamoDB has a limit for the operators of an expression.
pub(super) const DEPTH_MAX: usize = 100;

/// A place in an expression.
pub(super) struct Parser<'t> {
    text: &'t str,
    tokens: Vec<Token<'t>>,
    at: usize,
    pub(super) uses: Uses,
}

impl<'t> Parser<'t> {
    /// Begins to read a text.
    pub(super) fn new(text: &'t str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("The expression can not be empty;".to_owned());
        }
        if text.len() > BYTES_MAX {
            return Err("Expression size has exceeded the maximum allowed size;".to_owned());
        }
        let parser = Self { text, tokens: tokens(text), at: 0, uses: Uses::default() };
        match parser.tokens.iter().position(|token| token.kind == Kind::Unknown) {
            Some(unknown) => Err(syntax_error(text, &parser.tokens, unknown)),
            None => Ok(parser),
        }
    }

    /// The message that the next token makes no sense.
    pub(super) fn syntax_error<T>(&self) -> Result<T, String> {
        Err(syntax_error(self.text, &self.tokens, self.at))
    }

    /// Whether everything is read.
    pub(super) fn is_at_end(&self) -> bool {
        self.at >= self.tokens.len()
    }

    fn peek(&self, ahead: usize) -> Option<Token<'t>> {
        self.tokens.get(self.at + ahead).copied()
    }

    /// Whether the next token is this symbol.
    pub(super) fn sees(&self, symbol: &str) -> bool {
        self.peek(0).is_some_and(|token| token.kind == Kind::Symbol && token.text == symbol)
    }

    /// Passes this symbol, if it is next.
    pub(super) fn takes(&mut self, symbol: &str) -> bool {
        let is_next = self.sees(symbol);
        self.at += usize::from(is_next);
        is_next
    }

    /// Passes this symbol, which must be next.
    pub(super) fn expect(&mut self, symbol: &str) -> Result<(), String> {
        if self.takes(symbol) { Ok(()) } else { self.syntax_error() }
    }

    /// Passes a keyword, if it is next.
    pub(super) fn takes_keyword(&mut self, keyword: &str) -> bool {
        let is_next =
            self.peek(0).is_some_and(|token| token.kind == Kind::Word && token.text.eq_ignore_ascii_case(keyword));
        self.at += usize::from(is_next);
        is_next
    }

    /// Passes one of these symbols, if one is next.
    pub(super) fn takes_one_of<'s>(&mut self, symbols: &[&'s str]) -> Option<&'s str> {
        symbols.iter().copied().find(|symbol| self.takes(symbol))
    }

    /// The name of a function, if a function call is next: a word before a bracket. The name is passed, and the
    /// bracket.
    pub(super) fn takes_function(&mut self) -> Option<&'t str> {
        let word = self.peek(0).filter(|token| token.kind == Kind::Word)?;
        let bracket = self.peek(1).filter(|token| token.kind == Kind::Symbol && token.text == "(")?;
        let is_keyword = ["AND", "OR", "NOT", "IN", "BETWEEN"].iter().any(|key| word.text.eq_ignore_ascii_case(key));
        if is_keyword || bracket.text != "(" {
            return None;
        }
        self.at += 2;
        Some(word.text)
    }

    /// A placeholder of a value, if one is next.
    pub(super) fn takes_value(&mut self) -> Option<String> {
        let token = self.peek(0).filter(|token| token.kind == Kind::Value)?;
        self.at += 1;
        self.uses.values.push(token.text.to_owned());
        Some(token.text.to_owned())
    }

    /// A placeholder of a value, which must be next.
    pub(super) fn value(&mut self) -> Result<String, String> {
        match self.takes_value() {
            Some(value) => Ok(value),
            None => self.syntax_error(),
        }
    }

    /// A path.
    pub(super) fn path(&mut self) -> Result<Vec<Step>, String> {
        let mut path = vec![self.name()?];
        loop {
            if self.takes(".") {
                path.push(self.name()?);
            } else if self.takes("[") {
                let index = self.peek(0).filter(|token| token.kind == Kind::Index);
                let Some(index) = index.and_then(|token| token.text.parse().ok()) else {
                    return self.syntax_error();
                };
                self.at += 1;
                path.push(Step::Index(index));
                self.expect("]")?;
            } else {
                return Ok(path);
            }
        }
    }

    fn name(&mut self) -> Result<Step, String> {
        let Some(token) = self.peek(0) else { return self.syntax_error() };
        let step = match token.kind {
            Kind::Word if is_reserved(token.text) => {
                return Err(format!("Attribute name is a reserved keyword; reserved keyword: {}", token.text));
            }
            Kind::Word => Step::Name(token.text.to_owned()),
            Kind::Name => {
                self.uses.names.push(token.text.to_owned());
                Step::Placeholder(token.text.to_owned())
            }
            _ => return self.syntax_error(),
        };
        self.at += 1;
        Ok(step)
    }

    /// Refuses a pair of brackets whose whole content is another pair of brackets.
    pub(super) fn check_brackets(&self) -> Result<(), String> {
        let mut open = Vec::new();
        let mut pairs = Vec::new();
        for (at, token) in self.tokens.iter().enumerate().filter(|(_, token)| token.kind == Kind::Symbol) {
            match token.text {
                "(" => open.push(at),
                ")" => pairs.extend(open.pop().map(|start| (start, at))),
                _ => {}
            }
        }
        let is_redundant = |(start, end): &(usize, usize)| {
            pairs.iter().any(|(inner_start, inner_end)| *inner_start == start + 1 && inner_end + 1 == *end)
        };
        match pairs.iter().any(is_redundant) {
            true => Err("The expression has redundant parentheses;".to_owned()),
            false => Ok(()),
        }
    }
}
