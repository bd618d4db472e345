//! The judge itself: it must see every way in which an answer can be wrong.

use crate::settings;
use bridge_jose::Algorithm;
use bridge_testkit::ManualClock;
use bridge_testkit::attacks::{
    Answer, Case, Face, Fault, Request, Strictness, World, Yardstick, judge, resource_server,
};
use bridge_types::Clock;
use serde_json::json;

/// A right answer of Bridge to a token with a wrong signature.
fn refusal() -> Answer {
    let problem = json!({"type": "urn:bridge:problem:signature_invalid", "title": "Signature invalid", "status": 401,
        "code": "signature_invalid", "detail": "the signature does not verify", "correlation_id": "c-1"});
    answer(401, &problem.to_string(), Some("Bearer realm=\"https://api.example\", error=\"invalid_token\""))
}

fn answer(status: u16, body: &str, challenge: Option<&str>) -> Answer {
    let mut headers = vec![("Content-Type", "application/problem+json"), ("X-Correlation-Id", "c-1")];
    headers.extend(challenge.map(|challenge| ("WWW-Authenticate", challenge)));
    let headers = headers.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    Answer { status, headers, body: body.to_owned() }
}

struct Court {
    world: World,
    cases: Vec<Case>,
}

impl Court {
    fn new() -> Self {
        let policy =
            bridge_testkit::attacks::Policy { algorithms: vec![Algorithm::Es256], ..settings::resource_server() };
        let world = settings::world(Face::ResourceServer, policy);
        let cases = resource_server::cases(&world.policy, Algorithm::Es256);
        Self { world, cases }
    }

    fn faults(&self, id: &str, strictness: Strictness, answer: &Answer) -> Vec<String> {
        let case = self.cases.iter().find(|case| case.id() == id).unwrap();
        let request: Request = case.forge(&self.world, ManualClock::default().now());
        let baseline = self::answer(401, "", Some("Bearer realm=\"https://api.example\""));
        let yardstick = Yardstick { strictness, required_scope: "shipments:read".to_owned(), baseline };
        judge(case, &request, answer, &yardstick).iter().map(Fault::to_string).collect()
    }
}

#[test]
fn a_right_answer_has_no_fault() {
    let court = Court::new();
    for strictness in [Strictness::Bridge, Strictness::Generic] {
        assert_eq!(court.faults("es256/signature/r-zero", strictness, &refusal()), [""; 0]);
        assert_eq!(court.faults("es256/accepted/plain", strictness, &answer(200, "[]", None)), [""; 0]);
    }
}

#[test]
fn every_wrong_part_of_a_refusal_is_seen() {
    let court = Court::new();
    let body = refusal().body;
    let challenge = Some("Bearer error=\"invalid_token\"");
    for (wrong, fault) in [
        (answer(200, "[]", None), "wrong accept: served with 200"),
        (answer(500, "", None), "server error: 500"),
        (answer(403, &body, challenge), "wrong status: expected 401, found 403"),
        (answer(401, &body, None), "wrong challenge: expected Bearer error=invalid_token, found none"),
        (answer(401, &body, Some("Bearer")), "wrong challenge: expected Bearer error=invalid_token, found Bearer"),
        (
            answer(401, &body.replace("\"code\":\"signature_invalid\"", "\"code\":\"key_unknown\""), challenge),
            "wrong reason code: expected signature_invalid, found key_unknown",
        ),
        (answer(401, &body.replace("c-1", "c-2"), challenge), "wrong correlation id: expected \"c-1\", found \"c-2\""),
        (
            answer(401, &body.replace("problem:signature_invalid", "problem:other"), challenge),
            "wrong problem type: expected \"urn:bridge:problem:signature_invalid\", found \"urn:bridge:problem:other\"",
        ),
        (
            answer(401, &body.replacen('{', "{\"claims\":{},", 1), challenge),
            "wrong members of the problem: expected code correlation_id detail status title type, found claims code \
             correlation_id detail status title type",
        ),
        (answer(401, "<html>", challenge), "wrong body: expected a JSON object, found 6 bytes of something else"),
        (
            answer(401, &body.replace("does not verify", "of order-service does not verify"), challenge),
            "leak: the answer contains the value of client_id",
        ),
        (
            answer(401, &body.replace("does not verify", "is bad: EOF at line 1"), challenge),
            "leak: the answer contains the words \"at line\"",
        ),
    ] {
        let found = court.faults("es256/signature/r-zero", Strictness::Bridge, &wrong);
        assert!(found.iter().any(|found| found == fault), "expected {fault}, found {found:?}");
    }
}

#[test]
fn a_refusal_of_something_valid_is_seen() {
    let found = Court::new().faults("es256/accepted/plain", Strictness::Bridge, &refusal());
    assert!(found.contains(&"wrong refusal: 401 signature_invalid".to_owned()), "{found:?}");
}

#[test]
fn other_servers_may_choose_among_the_statuses_of_the_clause() {
    let court = Court::new();
    let plain = |status| answer(status, "no", Some("Bearer"));
    for (id, right, wrong) in [
        ("es256/signature/r-zero", vec![400, 401, 403], vec![404, 422]),
        ("es256/scope/unrelated", vec![401, 403], vec![400]),
        ("es256/presentation/two-headers-same", vec![400, 401], vec![403]),
        ("es256/kid/64-kib", vec![401, 413, 431], vec![403]),
    ] {
        for status in right {
            assert_eq!(court.faults(id, Strictness::Generic, &plain(status)), [""; 0], "{id} {status}");
        }
        for status in wrong {
            assert_eq!(court.faults(id, Strictness::Generic, &plain(status)).len(), 1, "{id} {status}");
        }
    }
    let silent = answer(401, "no", None);
    let found = court.faults("es256/signature/r-zero", Strictness::Generic, &silent);
    assert_eq!(found, ["wrong challenge: expected WWW-Authenticate, found none"]);
}
