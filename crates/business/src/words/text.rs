use crate::Mismatch;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A line of text of 1 to `MAX` characters that shows as it is: no control characters, nothing that turns the direction
/// of writing, no space at either end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct Text<const MAX: usize>(String);

impl<const MAX: usize> Text<MAX> {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> TryFrom<String> for Text<MAX> {
    type Error = Mismatch;

    fn try_from(text: String) -> Result<Self, Mismatch> {
        let long_enough = (1..=MAX).contains(&text.chars().count());
        if long_enough && text.trim() == text && !text.chars().any(hides) {
            return Ok(Self(text));
        }
        let expected = format!("1 to {MAX} visible characters in one line, no space at either end");
        Err(Mismatch::new(expected, format_args!("\"{text}\"")))
    }
}

impl<const MAX: usize> fmt::Display for Text<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Control characters, line separators, and the marks with which one text can be made to look like another.
fn hides(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::Text;

    #[test]
    fn refuses_what_does_not_show_as_it_is() {
        for text in ["", " ", " a", "a ", "a\nb", "a\tb", "a\u{0}", "a\u{85}", "a\u{202e}b", "\u{feff}a", "123456789"] {
            assert!(Text::<8>::try_from(text.to_owned()).is_err(), "accepted {text:?}");
        }
        for text in ["a", "Łódź 12", "東京都港区芝公園"] {
            assert_eq!(Text::<8>::try_from(text.to_owned()).unwrap().as_str(), text);
        }
    }
}
