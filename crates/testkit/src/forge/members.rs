use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fmt;

/// The members of a JSON object as text: in order, repeatable, and with values that no JSON library would write.
///
/// Made from a JSON value they stand in alphabetical order, whatever `serde_json` was built with, so that the same
/// token has the same bytes in every build.
#[derive(Debug, Clone, Default)]
pub struct Members(Vec<(String, String)>);

impl Members {
    /// Sets one member, where it stands or else at the end.
    pub fn set(&mut self, name: &str, value: &Value) {
        self.set_text(name, json_text(value));
    }

    /// Sets one member to a text that need not be JSON.
    pub fn set_text(&mut self, name: &str, text: impl Into<String>) {
        match self.0.iter_mut().find(|(known, _)| known == name) {
            Some((_, value)) => *value = text.into(),
            None => self.append(name, text),
        }
    }

    /// Appends a member even if there is one of that name already. The name is the text between the quotes, escapes
    /// included.
    pub fn append(&mut self, name: &str, text: impl Into<String>) {
        self.0.push((name.to_owned(), text.into()));
    }

    /// Takes every member of that name away.
    pub fn remove(&mut self, name: &str) {
        self.0.retain(|(known, _)| known != name);
    }

    /// The value of a member as it is written.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, text)| text.as_str())
    }

    /// Turns the order round.
    pub fn reverse(&mut self) {
        self.0.reverse();
    }

    /// Writes one member's name in another way, such as with escapes.
    pub fn respell(&mut self, name: &str, spelt: &str) {
        if let Some((known, _)) = self.0.iter_mut().find(|(known, _)| known == name) {
            spelt.clone_into(known);
        }
    }
}

impl From<&Map<String, Value>> for Members {
    fn from(object: &Map<String, Value>) -> Self {
        let sorted: BTreeMap<&String, &Value> = object.iter().collect();
        Self(sorted.into_iter().map(|(name, value)| (name.clone(), json_text(value))).collect())
    }
}

impl fmt::Display for Members {
    /// The object as JSON text, without white space.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let members: Vec<String> = self.0.iter().map(|(name, text)| format!("\"{name}\":{text}")).collect();
        write!(f, "{{{}}}", members.join(","))
    }
}

/// A JSON value as text with the members of objects in alphabetical order.
pub fn json_text(value: &Value) -> String {
    match value {
        Value::Object(object) => Members::from(object).to_string(),
        Value::Array(values) => format!("[{}]", values.iter().map(json_text).collect::<Vec<_>>().join(",")),
        scalar => scalar.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::Members;
    use serde_json::json;

    fn members() -> Members {
        Members::from(json!({"b": 1, "a": {"z": [1, {"y": 2, "x": 3}], "c": "\n"}}).as_object().unwrap())
    }

    #[test]
    fn text_is_in_alphabetical_order_at_every_depth() {
        assert_eq!(members().to_string(), r#"{"a":{"c":"\n","z":[1,{"x":3,"y":2}]},"b":1}"#);
    }

    #[test]
    fn members_can_be_repeated_respelt_and_reversed() {
        let mut changed = members();
        changed.append("b", "1.0");
        changed.set_text("a", "nul");
        changed.respell("a", r"\u0061");
        changed.reverse();
        assert_eq!(changed.to_string(), r#"{"b":1.0,"b":1,"\u0061":nul}"#);
        changed.remove("b");
        assert_eq!((changed.text("b"), changed.text(r"\u0061")), (None, Some("nul")));
    }
}
