//! What the parsers of all expressions share: the tokens of a text, of which one after the other is read, and paths.

use super::path::Step;
use super::placeholders::Uses;
use super::reserved::is_reserved;
use super::token::{Kind, Token, syntax_error, tokens};

/// The longest expression, in bytes.
const BYTES_MAX: usize = 4_096;

/// How deeply the parts of an expression may be nested. DynamoDB has a limit for the operators of an expression.
const DEPTH_MAX: usize = 100;

/// The tokens of an expression, and how many of them are read.
pub(super) struct Parser<'t> {
    text: &'t str,
    tokens: Vec<Token<'t>>,
    at: usize,
    /// The placeholders among the tokens that are read.
    pub(super) uses: Uses,
}

impl<'t> Parser<'t> {
    /// Splits a text into its tokens. Fails with DynamoDB's message if the text is empty or too long, or has a
    /// character that no expression has.
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

    /// Fails with DynamoDB's message that the next token does not belong there.
    pub(super) fn syntax_error<T>(&self) -> Result<T, String> {
        Err(syntax_error(self.text, &self.tokens, self.at))
    }

    /// Whether everything is read.
    pub(super) fn is_at_end(&self) -> bool {
        self.at >= self.tokens.len()
    }

    /// The next token, or the one that comes `ahead` tokens later.
    fn peek(&self, ahead: usize) -> Option<Token<'t>> {
        self.tokens.get(self.at + ahead).copied()
    }

    /// Whether the next token is this symbol.
    pub(super) fn sees(&self, symbol: &str) -> bool {
        self.peek(0).is_some_and(|token| token.kind == Kind::Symbol && token.text == symbol)
    }

    /// Reads this symbol, if it is next. Returns whether it was.
    pub(super) fn takes(&mut self, symbol: &str) -> bool {
        let is_next = self.sees(symbol);
        self.at += usize::from(is_next);
        is_next
    }

    /// Reads this symbol, which must be next.
    pub(super) fn expect(&mut self, symbol: &str) -> Result<(), String> {
        if self.takes(symbol) { Ok(()) } else { self.syntax_error() }
    }

    /// Reads this keyword, if it is next. Returns whether it was.
    pub(super) fn takes_keyword(&mut self, keyword: &str) -> bool {
        let is_next =
            self.peek(0).is_some_and(|token| token.kind == Kind::Word && token.text.eq_ignore_ascii_case(keyword));
        self.at += usize::from(is_next);
        is_next
    }

    /// Reads one of these symbols, if one is next. Returns which one.
    pub(super) fn takes_one_of<'s>(&mut self, symbols: &[&'s str]) -> Option<&'s str> {
        symbols.iter().copied().find(|symbol| self.takes(symbol))
    }

    /// Reads the name of a function and the bracket behind it, if a function call is next. Returns the name.
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

    /// Reads a placeholder of a value, if one is next. Returns it, `:` included.
    pub(super) fn takes_value(&mut self) -> Option<String> {
        let token = self.peek(0).filter(|token| token.kind == Kind::Value)?;
        self.at += 1;
        self.uses.values.push(token.text.to_owned());
        Some(token.text.to_owned())
    }

    /// Reads a placeholder of a value, which must be next. Returns it, `:` included.
    pub(super) fn value(&mut self) -> Result<String, String> {
        match self.takes_value() {
            Some(value) => Ok(value),
            None => self.syntax_error(),
        }
    }

    /// Reads a path, which must be next, such as `a.#b[2]`.
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

    /// Reads the name of an attribute, or a placeholder of one, which must be next.
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

    /// Refuses a part of an expression that is nested too deeply. `depth` is the number of parts around it.
    pub(super) fn check_depth(depth: usize) -> Result<(), String> {
        if depth > DEPTH_MAX { Err("The expression is nested too deeply;".to_owned()) } else { Ok(()) }
    }

    /// Refuses brackets around brackets, such as `((a = :b))`.
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
