//! The corpus as a list: how much of it there is, and that nothing stands there twice.

use crate::settings;
use bridge_jose::Algorithm;
use bridge_testkit::attacks::{Code, Expected, resource_server, token_endpoint};
use bridge_validator::{Challenge, Reason};
use std::collections::BTreeSet;

#[test]
fn there_are_hundreds_of_cases_and_each_has_its_own_name() {
    let (policy, desk) = (settings::resource_server(), settings::token_endpoint());
    let (mut ids, mut allowed, mut codes) = (BTreeSet::new(), 0, BTreeSet::new());
    for algorithm in Algorithm::ALL {
        let cases = resource_server::cases(&policy, algorithm);
        println!("{algorithm}: {} cases for resource servers", cases.len());
        assert!(cases.len() >= 250, "{algorithm}: {}", cases.len());
        for case in &cases {
            assert!(ids.insert(case.id().to_owned()), "{} stands there twice", case.id());
            assert!(!case.title().is_empty() && !case.clause().is_empty(), "{}", case.id());
            match case.expected() {
                Expected::Allow => allowed += 1,
                Expected::Deny(code) => drop(codes.insert(code)),
            }
        }
        let assertions = token_endpoint::cases(&desk, algorithm);
        println!("{algorithm}: {} cases for token endpoints", assertions.len());
        assert!(assertions.len() >= 300, "{algorithm}: {}", assertions.len());
        for case in &assertions {
            assert!(ids.insert(format!("token-endpoint/{}", case.id())), "{} stands there twice", case.id());
        }
    }
    assert!(allowed >= 4 * 30, "{allowed}");
    assert_eq!(codes.len(), ALL_CODES.len(), "{codes:?}");
}

pub(crate) const ALL_CODES: [Code; 23] = [
    Code::TokenMissing,
    Code::RequestInvalid,
    Code::TokenTooLarge,
    Code::TokenMalformed,
    Code::HeaderForbidden,
    Code::TypeNotAccepted,
    Code::AlgorithmNotAllowed,
    Code::IssuerUnknown,
    Code::KeyUnknown,
    Code::KeyAlgorithmMismatch,
    Code::SignatureInvalid,
    Code::ClaimsMalformed,
    Code::AudienceMismatch,
    Code::TokenExpired,
    Code::TokenNotYetValid,
    Code::TokenIssuedInFuture,
    Code::LifetimeExceeded,
    Code::ClientNotAllowed,
    Code::StatusNotAccepted,
    Code::TokenRevoked,
    Code::SenderConstraintUnmet,
    Code::ScopeBeyondCeiling,
    Code::InsufficientScope,
];

/// The corpus and the validator keep their own lists, so that a change of a documented code is noticed.
#[test]
fn codes_are_the_validators() {
    for code in ALL_CODES {
        let reason = Reason::ALL.into_iter().find(|reason| reason.as_str() == code.as_str());
        let outward = reason.unwrap_or_else(|| panic!("the validator has no {}", code.as_str())).outward();
        assert_eq!(outward.status, code.status(), "{}", code.as_str());
        let challenge = match outward.challenge {
            Challenge::None => bridge_testkit::attacks::Challenge::None,
            Challenge::Bare => bridge_testkit::attacks::Challenge::Bare,
            Challenge::InvalidRequest => bridge_testkit::attacks::Challenge::Error("invalid_request"),
            Challenge::InvalidToken => bridge_testkit::attacks::Challenge::Error("invalid_token"),
            Challenge::InsufficientScope => bridge_testkit::attacks::Challenge::Error("insufficient_scope"),
        };
        assert_eq!(challenge, code.challenge(), "{}", code.as_str());
    }
}
