//! Rust source as words and signs: as much of the language as it takes to find paths in it.

/// A piece of source that is neither a comment nor a literal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// A name or a keyword.
    Word(String),
    /// `::`, or any other character by itself.
    Sign(String),
}

impl Token {
    fn is(&self, text: &str) -> bool {
        match self {
            Self::Word(own) | Self::Sign(own) => own == text,
        }
    }
}

/// The tokens of a text.
pub(super) fn of(text: &str) -> Vec<Token> {
    let chars: Vec<char> = text.chars().collect();
    let has = |at: usize, word: &str| {
        let mut word = word.chars().enumerate();
        word.all(|(more, sign)| chars.get(at + more) == Some(&sign))
    };
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(&sign) = chars.get(at) {
        if has(at, "//") {
            at += chars[at..].iter().take_while(|c| **c != '\n').count();
        } else if has(at, "/*") {
            at = after_comment(&chars, at);
        } else if sign == '"' {
            at = after_string(&chars, at);
        } else if sign == '\'' {
            at = after_quote(&chars, at);
        } else if let Some(end) = after_raw_string(&chars, at) {
            at = end;
        } else if sign.is_alphanumeric() || sign == '_' {
            let word: String = chars[at..]
                .iter()
                .take_while(|c| c.is_alphanumeric() || **c == '_')
                .collect();
            at += word.chars().count();
            // Of `r#name` and `b"…"` only the letter was read.
            if !(["r", "b", "c"].contains(&&*word) && matches!(chars.get(at), Some('#' | '"'))) {
                tokens.push(Token::Word(word));
            } else if chars.get(at) == Some(&'#') {
                at += 1;
            }
        } else if has(at, "::") {
            tokens.push(Token::Sign("::".to_owned()));
            at += 2;
        } else {
            if !sign.is_whitespace() {
                tokens.push(Token::Sign(sign.to_string()));
            }
            at += 1;
        }
    }
    tokens
}

/// Block comments nest.
fn after_comment(chars: &[char], start: usize) -> usize {
    let mut depth = 0;
    let mut at = start;
    while at < chars.len() {
        match chars.get(at..at + 2) {
            Some(['/', '*']) => {
                depth += 1;
                at += 2;
            }
            Some(['*', '/']) => {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    return at;
                }
            }
            _ => at += 1,
        }
    }
    at
}

fn after_string(chars: &[char], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(sign) = chars.get(at) {
        match sign {
            '\\' => at += 2,
            '"' => return at + 1,
            _ => at += 1,
        }
    }
    at
}

/// `r"…"`, `br#"…"#` and the like, which know no escapes.
fn after_raw_string(chars: &[char], start: usize) -> Option<usize> {
    let before = start.checked_sub(1).and_then(|before| chars.get(before));
    if before.is_some_and(|sign| sign.is_alphanumeric() || *sign == '_') {
        return None;
    }
    let letters = match chars.get(start..)? {
        ['b' | 'c', 'r', ..] => 2,
        ['r', ..] => 1,
        _ => return None,
    };
    let rest = &chars[start + letters..];
    let hashes = rest.iter().take_while(|sign| **sign == '#').count();
    if rest.get(hashes) != Some(&'"') {
        return None;
    }
    let mut at = start + letters + hashes + 1;
    while at < chars.len() {
        let tail = &chars[at + 1..];
        let ends = tail
            .iter()
            .take(hashes)
            .filter(|sign| **sign == '#')
            .count()
            == hashes;
        if chars[at] == '"' && ends {
            return Some(at + 1 + hashes);
        }
        at += 1;
    }
    Some(at)
}

/// A character, or the quote of a lifetime.
fn after_quote(chars: &[char], start: usize) -> usize {
    match (chars.get(start + 1), chars.get(start + 2)) {
        (Some('\\'), _) => {
            let rest = chars.get(start + 3..).unwrap_or_default();
            start + 4 + rest.iter().take_while(|sign| **sign != '\'').count()
        }
        (Some(_), Some('\'')) => start + 3,
        _ => start + 1,
    }
}

/// The tokens without what is compiled for tests alone, and the names of the files among it.
pub(super) fn without_tests(tokens: &[Token]) -> (Vec<Token>, Vec<String>) {
    let mut kept = Vec::new();
    let mut files = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let Some((end, is_inner)) = test_attribute(tokens, at) else {
            kept.push(tokens[at].clone());
            at += 1;
            continue;
        };
        if is_inner {
            return (Vec::new(), files);
        }
        let item = end;
        at = after_item(tokens, item);
        let words = tokens.get(item..at).unwrap_or_default();
        if let [.., declares, Token::Word(name), end] = words
            && declares.is("mod")
            && end.is(";")
        {
            files.push(name.clone());
        }
    }
    (kept, files)
}

/// Where a `#[cfg(test)]` that begins here ends, and whether it is `#![cfg(test)]`.
fn test_attribute(tokens: &[Token], at: usize) -> Option<(usize, bool)> {
    let is = |at: usize, text: &str| tokens.get(at).is_some_and(|token| token.is(text));
    if !is(at, "#") {
        return None;
    }
    let is_inner = is(at + 1, "!");
    let open = at + 1 + usize::from(is_inner);
    if !is(open, "[") || !is(open + 1, "cfg") {
        return None;
    }
    let end = after_group(tokens, open);
    let inside = &tokens[open..end];
    let has = |word: &str| inside.iter().any(|token| token.is(word));
    (has("test") && !has("not") && !has("any")).then_some((end, is_inner))
}

/// Where the item that begins here ends.
fn after_item(tokens: &[Token], start: usize) -> usize {
    let mut at = start;
    while let Some(token) = tokens.get(at) {
        if token.is(";") {
            return at + 1;
        }
        if token.is("{") {
            return after_group(tokens, at);
        }
        at = if token.is("(") || token.is("[") {
            after_group(tokens, at)
        } else {
            at + 1
        };
    }
    at
}

/// Where the brackets that open here are closed.
fn after_group(tokens: &[Token], start: usize) -> usize {
    let mut depth = 0;
    for (at, token) in tokens.iter().enumerate().skip(start) {
        if ["(", "[", "{"].iter().any(|open| token.is(open)) {
            depth += 1;
        } else if [")", "]", "}"].iter().any(|close| token.is(close)) {
            depth -= 1;
            if depth == 0 {
                return at + 1;
            }
        }
    }
    tokens.len()
}
