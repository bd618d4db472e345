/// Declares a closed set of words, each with one name in the API, in the database and in complaints.
///
/// ```
/// bridge_business::named_words! {
///     /// What happened.
///     Event {
///         /// The goods are on their way.
///         OnTheWay = "on_the_way",
///         /// The goods are there.
///         Arrived = "arrived",
///     }
/// }
///
/// assert_eq!(Event::OnTheWay.as_str(), "on_the_way");
/// assert_eq!(Event::try_from("arrived"), Ok(Event::Arrived));
/// let complaint = Event::try_from("lost").unwrap_err().to_string();
/// assert_eq!(complaint, "expected one of on_the_way, arrived, found \\\"lost\\\"");
/// ```
#[macro_export]
macro_rules! named_words {
    ($(#[$about:meta])* $name:ident {
        $(#[$first_about:meta])* $first:ident = $first_name:literal
        $(, $(#[$word_about:meta])* $word:ident = $word_name:literal)* $(,)?
    }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, ::serde::Serialize, ::utoipa::ToSchema)]
        pub enum $name {
            $(#[$first_about])*
            #[serde(rename = $first_name)]
            $first,
            $(
                $(#[$word_about])*
                #[serde(rename = $word_name)]
                $word,
            )*
        }

        impl $name {
            /// All of them.
            pub const ALL: &[Self] = &[Self::$first $(, Self::$word)*];

            /// Its name in the API and in the database.
            pub fn as_str(self) -> &'static str {
                match self {
                    Self::$first => $first_name,
                    $(Self::$word => $word_name,)*
                }
            }
        }

        impl TryFrom<&str> for $name {
            type Error = $crate::Mismatch;

            fn try_from(text: &str) -> Result<Self, $crate::Mismatch> {
                let expected = concat!("one of ", $first_name $(, ", ", $word_name)*);
                let known = Self::ALL.iter().copied().find(|word| word.as_str() == text);
                known.ok_or_else(|| $crate::Mismatch::new(expected, format_args!("\"{text}\"")))
            }
        }

        impl TryFrom<String> for $name {
            type Error = $crate::Mismatch;

            fn try_from(text: String) -> Result<Self, $crate::Mismatch> {
                Self::try_from(text.as_str())
            }
        }
    };
}

#[cfg(test)]
#[expect(unreachable_pub, reason = "the macro makes what other crates use")]
mod tests {
    named_words! {
        /// Colours.
        Colour {
            /// Like blood.
            Red = "red",
            /// Like the sky in the evening.
            DarkBlue = "dark_blue",
        }
    }

    #[test]
    fn a_word_has_one_name_everywhere() {
        assert_eq!(Colour::ALL, [Colour::Red, Colour::DarkBlue]);
        for colour in Colour::ALL {
            assert_eq!(Colour::try_from(colour.as_str()), Ok(*colour));
            assert_eq!(serde_json::to_value(colour).unwrap(), colour.as_str());
        }
        for text in ["", "Red", "RED", "dark blue", "DarkBlue", "green"] {
            assert!(Colour::try_from(text.to_owned()).is_err(), "accepted {text}");
        }
    }
}
