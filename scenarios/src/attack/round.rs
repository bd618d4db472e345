//! One case of the corpus, whichever face of a target it is for.

use super::target::Target;
use bridge_jose::Algorithm;
use bridge_testkit::attacks::token_endpoint::{self, TokenCase, TokenExpected, TokenRequest};
use bridge_testkit::attacks::{
    Answer, Basis, Case, Expected, Face, Fault, Request, World, Yardstick, judge, resource_server,
};
use bridge_types::Fingerprint;
use jiff::Timestamp;

/// What is shorter than this may stand anywhere by chance.
pub(super) const SHORTEST_SECRET: usize = 20;

/// A case that can be fired.
#[derive(Debug)]
pub(super) enum Round {
    /// At a protected route.
    Route(Case),
    /// At a token endpoint.
    Desk(TokenCase),
}

/// What became of a case.
#[derive(Debug)]
pub(super) struct Impact {
    /// The answer to its last request, or why there is none.
    pub(super) answer: Result<Answer, String>,
    /// What is wrong.
    pub(super) faults: Vec<Fault>,
    /// The fingerprints of the tokens that were sent and of their segments, by which a leak is noticed.
    pub(super) secrets: Vec<Fingerprint>,
}

impl Round {
    /// Every case for keys of one algorithm.
    pub(super) fn all(world: &World, algorithm: Algorithm) -> Vec<Self> {
        match world.face {
            Face::ResourceServer => {
                resource_server::cases(&world.policy, algorithm).into_iter().map(Self::Route).collect()
            }
            Face::TokenEndpoint => {
                token_endpoint::cases(&world.policy, algorithm).into_iter().map(Self::Desk).collect()
            }
        }
    }

    /// True for the plainest of the requests that must be served.
    pub(super) fn is_plain(&self) -> bool {
        match self {
            Self::Route(case) => case.id().ends_with("/accepted/plain"),
            Self::Desk(case) => case.id().ends_with("/form/plain"),
        }
    }

    pub(super) fn id(&self) -> &str {
        match self {
            Self::Route(case) => case.id(),
            Self::Desk(case) => case.id(),
        }
    }

    pub(super) fn title(&self) -> &str {
        match self {
            Self::Route(case) => case.title(),
            Self::Desk(case) => case.title(),
        }
    }

    pub(super) fn clause(&self) -> &'static str {
        match self {
            Self::Route(case) => case.clause(),
            Self::Desk(case) => case.clause(),
        }
    }

    pub(super) fn basis(&self) -> Basis {
        match self {
            Self::Route(case) => case.basis(),
            Self::Desk(case) => case.basis(),
        }
    }

    pub(super) fn algorithm(&self) -> Algorithm {
        match self {
            Self::Route(case) => case.algorithm(),
            Self::Desk(case) => case.algorithm(),
        }
    }

    /// `allow`, or the word for the refusal: the reason code of an API, the error of a token endpoint, or `refused` where
    /// HTTP alone answers.
    pub(super) fn expected(&self) -> &'static str {
        match self {
            Self::Route(case) => match case.expected() {
                Expected::Allow => "allow",
                Expected::Deny(code) => code.as_str(),
            },
            Self::Desk(case) => match case.expected() {
                TokenExpected::Issued => "allow",
                TokenExpected::Refused { error: "", .. } => "refused",
                TokenExpected::Refused { error, .. } => error,
            },
        }
    }

    /// The word for the refusal in an answer.
    pub(super) fn code(&self, answer: &Answer) -> Option<String> {
        match self {
            Self::Route(_) => answer.code(),
            Self::Desk(_) => answer.error(),
        }
    }

    /// Forges the case for this moment, sends it, and looks at the answer.
    pub(super) async fn fire(&self, world: &World, target: &Target, yardstick: &Yardstick, now: Timestamp) -> Impact {
        match self {
            Self::Route(case) => at_route(case, &case.forge(world, now), target, yardstick).await,
            Self::Desk(case) => at_desk(case, case.forge(world, now), target, yardstick).await,
        }
    }
}

async fn at_route(case: &Case, request: &Request, target: &Target, yardstick: &Yardstick) -> Impact {
    let answer = target.send(request).await;
    let faults = match &answer {
        Ok(answer) => judge(case, request, answer, yardstick),
        Err(why) => vec![Fault::NoAnswer { why: why.clone() }],
    };
    Impact { answer, faults, secrets: secrets([request.bearer.as_deref().unwrap_or_default()]) }
}

async fn at_desk(case: &TokenCase, requests: Vec<TokenRequest>, target: &Target, yardstick: &Yardstick) -> Impact {
    let words = requests.iter().flat_map(|request| request.body.split(['&', '='])).collect::<Vec<_>>();
    let secrets = secrets(words.into_iter().filter(|word| word.matches('.').count() == 2));
    let mut sent = Err("a case without requests".to_owned());
    let last = requests.len().saturating_sub(1);
    for (index, request) in requests.iter().enumerate() {
        sent = target.send_form(request).await;
        match &sent {
            Ok(answer) if index == last => {
                let faults = token_endpoint::judge(case, request, answer, yardstick.strictness);
                return Impact { answer: sent, faults, secrets };
            }
            Ok(answer) if answer.status == 200 => {}
            Ok(answer) => {
                let faults = vec![Fault::WrongRefusal { status: answer.status, code: answer.error() }];
                return Impact { answer: sent, faults, secrets };
            }
            Err(_) => break,
        }
    }
    let why = sent.as_ref().err().cloned().unwrap_or_default();
    Impact { answer: sent, faults: vec![Fault::NoAnswer { why }], secrets }
}

/// The fingerprints of these tokens and of their segments.
fn secrets<'t>(tokens: impl IntoIterator<Item = &'t str>) -> Vec<Fingerprint> {
    let words = tokens.into_iter().flat_map(|token| std::iter::once(token).chain(token.split('.')));
    words.filter(|word| word.len() >= SHORTEST_SECRET).map(|word| Fingerprint::of(word.as_bytes())).collect()
}
