use std::error::Error;
use std::fmt::Write;

const MAX: usize = 128;

/// Foreign text for logs and errors: at most 128 characters, control characters escaped.
pub(crate) fn excerpt(text: &str) -> String {
    let mut excerpt: String = text.chars().take(MAX).flat_map(char::escape_debug).collect();
    if text.chars().nth(MAX).is_some() {
        excerpt.push('…');
    }
    excerpt
}

/// An error with all its causes in one line.
pub(crate) fn with_causes(error: &dyn Error) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let _ = write!(line, ": {error}");
        cause = error.source();
    }
    line
}

#[cfg(test)]
mod tests {
    use super::excerpt;

    #[test]
    fn foreign_text_is_cut_and_escaped() {
        assert_eq!(excerpt("plain"), "plain");
        let hostile = excerpt(&"\n\u{1b}".repeat(100));
        assert!(hostile.is_ascii() || hostile.ends_with('…'), "{hostile}");
        assert!(!hostile.contains('\n') && hostile.ends_with('…'), "{hostile}");
    }
}
