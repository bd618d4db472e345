use crate::Mismatch;
use serde::Serialize;

/// The national currencies of ISO 4217 (list one), in ascending order; no metals, funds or test codes.
const CODES: &str = "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF \
    CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG \
    HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD \
    MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF \
    SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS \
    VED VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG";

/// A currency, by its ISO 4217 code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Currency(&'static str);

impl Currency {
    /// The code.
    pub fn code(self) -> &'static str {
        self.0
    }
}

impl TryFrom<String> for Currency {
    type Error = Mismatch;

    fn try_from(text: String) -> Result<Self, Mismatch> {
        let known = CODES.split_ascii_whitespace().find(|code| *code == text);
        known.map(Self).ok_or_else(|| Mismatch::new("an ISO 4217 currency code", format_args!("\"{text}\"")))
    }
}

#[cfg(test)]
mod tests {
    use super::{CODES, Currency};

    #[test]
    fn the_list_is_sorted_and_of_three_letters() {
        let codes: Vec<&str> = CODES.split_ascii_whitespace().collect();
        assert!(codes.is_sorted_by(|one, next| one < next));
        assert!(codes.iter().all(|code| code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase())));
    }

    #[test]
    fn refuses_what_is_no_money() {
        for text in ["", "eur", "EURO", "XTS", "XAU", "DEM", "EU"] {
            assert!(Currency::try_from(text.to_owned()).is_err(), "accepted {text:?}");
        }
        assert_eq!(Currency::try_from("EUR".to_owned()).unwrap().code(), "EUR");
    }
}
