use crate::Mismatch;
use serde::Serialize;

/// The officially assigned codes of ISO 3166-1 alpha-2, in ascending order.
const CODES: &str = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT \
    BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK \
    FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE \
    JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ \
    MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO \
    RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW \
    TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW";

/// A country, by its ISO 3166-1 alpha-2 code in capitals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Country(&'static str);

impl Country {
    /// The code.
    pub fn code(self) -> &'static str {
        self.0
    }
}

impl TryFrom<String> for Country {
    type Error = Mismatch;

    fn try_from(text: String) -> Result<Self, Mismatch> {
        let known = CODES.split_ascii_whitespace().find(|code| *code == text);
        known.map(Self).ok_or_else(|| Mismatch::new("an ISO 3166-1 alpha-2 country code", format_args!("\"{text}\"")))
    }
}

#[cfg(test)]
mod tests {
    use super::{CODES, Country};

    #[test]
    fn the_list_is_whole_and_sorted() {
        let codes: Vec<&str> = CODES.split_ascii_whitespace().collect();
        assert_eq!(codes.len(), 249);
        assert!(codes.is_sorted_by(|one, next| one < next));
        assert!(codes.iter().all(|code| code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_uppercase())));
    }

    #[test]
    fn refuses_what_is_not_assigned() {
        for text in ["", "de", "XX", "DEU", "UK", "D", "DE ", "DE AE"] {
            assert!(Country::try_from(text.to_owned()).is_err(), "accepted {text:?}");
        }
        assert_eq!(Country::try_from("DE".to_owned()).unwrap().code(), "DE");
    }
}
