use crate::access::{Authenticated, Authorized, RequiredScope, VerifiedAccess};
use crate::denial::{Denial, Facts, Refusal};
use crate::policies::TrustPolicies;
use crate::policy::TrustPolicy;
use crate::reason::Reason;
use crate::verified_tokens::{TokenDigest, VerifiedTokens};
use crate::window::Window;
use bridge_jose::profile::AccessTokenClaims;
use bridge_jose::{Header, MAX_TOKEN_BYTES, Typ, UnverifiedToken};
use bridge_types::Clock;
use std::sync::{Arc, OnceLock};

/// How many verified tokens are remembered unless told otherwise.
const REMEMBERED_TOKENS: usize = 10_000;

/// Decides which tokens are good here. A handle: clones share policies, keys and remembered tokens.
#[derive(Debug, Clone)]
pub struct Validator(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    policies: Arc<TrustPolicies>,
    verified: VerifiedTokens,
    clock: Arc<dyn Clock>,
}

impl Validator {
    /// A validator that decides by these policies and remembers up to 10,000 verified tokens.
    pub fn new(policies: Arc<TrustPolicies>, clock: Arc<dyn Clock>) -> Self {
        Self::remembering(REMEMBERED_TOKENS, policies, clock)
    }

    /// A validator that remembers up to `tokens` verified tokens (about 1 KiB each); zero remembers none.
    pub fn remembering(tokens: usize, policies: Arc<TrustPolicies>, clock: Arc<dyn Clock>) -> Self {
        Self(Arc::new(Parts { policies, verified: VerifiedTokens::new(tokens), clock }))
    }

    /// The policies and, by way of them, the keys.
    pub fn policies(&self) -> &Arc<TrustPolicies> {
        &self.0.policies
    }

    /// The clock that decisions are made with.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.0.clock
    }

    /// The decision: may this token be used for the scope `S`?
    ///
    /// Checks, in this order: size, form, header, issuer, policy in force, algorithm, key, signature, claims, audience,
    /// time, lifetime, client, revocation, sender constraint, scope.
    ///
    /// # Errors
    /// [`Denial`] with the reason of the first check that failed.
    pub async fn decide<S: RequiredScope>(&self, token: &str) -> Result<Authorized<S>, Denial> {
        self.authenticate(token).await?.authorize()
    }

    /// All of [`Validator::decide`] but the scope. It waits for nothing unless a key is missing.
    ///
    /// # Errors
    /// [`Denial`] with the reason of the first check that failed.
    pub async fn authenticate(&self, token: &str) -> Result<Authenticated, Denial> {
        if token.len() > MAX_TOKEN_BYTES {
            let detail = format!("expected at most {MAX_TOKEN_BYTES} bytes, found {}", token.len());
            return Err(Denial::new(Refusal::new(Reason::TokenTooLarge, detail), Facts::default()));
        }
        let moment = (self.0.clock.now(), self.0.clock.monotonic());
        let digest = TokenDigest::of(token);
        if let Some(access) = self.0.verified.recall(&digest, &self.0.policies, moment) {
            metrics::counter!("bridge_verified_token_cache_total", "result" => "hit").increment(1);
            return Ok(Authenticated(access));
        }
        metrics::counter!("bridge_verified_token_cache_total", "result" => "miss").increment(1);
        let mut facts = Facts { token: Some(digest.fingerprint()), ..Facts::default() };
        match self.verify(token, &digest, &mut facts).await {
            Ok(access) => {
                let access = Arc::new(access);
                self.0.verified.remember(digest, Arc::clone(&access));
                Ok(Authenticated(access))
            }
            Err(refusal) => Err(Denial::new(refusal, facts)),
        }
    }

    /// The checks, from top to bottom, cheap before costly. What becomes known on the way is noted in `facts`, so that a
    /// refusal can be logged with it.
    async fn verify(&self, token: &str, digest: &TokenDigest, facts: &mut Facts) -> Result<VerifiedAccess, Refusal> {
        let token = UnverifiedToken::parse(token)?;
        facts.kid = Some(token.header().key_id().clone());
        let header = access_token_header(token.header())?;
        let issuer = token.unverified_issuer()?;
        facts.iss = Some(issuer.as_str().to_owned());

        let (partner, kid, found) = loop {
            let trusted = self.0.policies.of(issuer.as_str());
            let partner = trusted.ok_or_else(|| Refusal::new(Reason::IssuerUnknown, "no policy names this issuer"))?;
            facts.partner = Some(Arc::clone(&partner.policy().partner));
            facts.status = Some(Arc::clone(partner.keys().status()));
            let kid = partner.policy().in_force(self.0.clock.now())?.key_named(header)?.clone();
            let found = partner.keys().find(&kid).await?;
            // The key may have taken seconds to come. What was decided before the wait is decided again if the policy
            // is another one now.
            if self.0.policies.of(issuer.as_str()).is_some_and(|current| Arc::ptr_eq(&current, &partner)) {
                break (partner, kid, found);
            }
        };
        let now = self.0.clock.now();
        let policy = partner.policy().in_force(now)?;
        let verified = token.verify(&found.key)?;
        facts.verified = true;

        let claims: AccessTokenClaims = verified.claims()?;
        facts.claimed(&claims);
        let claims = consistent(claims, policy)?;
        let claims = for_this_api(claims, policy)?;
        let window = Window::of(&claims)?.open_at(now)?.within(policy.max_token_lifetime)?;
        let ceiling = policy.ceiling(&claims.client_id)?.clone();
        let status = partner.keys().status().admit(&claims, &kid, policy, partner.keys())?;
        let claims = unconstrained(claims)?;

        let effective = claims.scope.within(&ceiling);
        let (generation, token) = (found.generation, digest.fingerprint());
        let limiter = OnceLock::new();
        Ok(VerifiedAccess { partner, claims, window, ceiling, effective, kid, generation, token, limiter, status })
    }
}

/// The header, provided that it is that of an access token (RFC 9068 §4, RFC 8725 §3.11).
fn access_token_header(header: &Header) -> Result<&Header, Refusal> {
    if header.is(Typ::AccessToken) {
        return Ok(header);
    }
    let found = header.typ().map_or("none".to_owned(), |typ| format!("{:?}", typ.chars().take(64).collect::<String>()));
    Err(Refusal::new(Reason::TypeNotAccepted, format!("expected typ \"at+jwt\", found {found}")))
}

/// The claims, provided that they agree with the issuer whose key signed them, and with themselves: with client
/// credentials the client speaks for itself (RFC 9068 §2.2).
fn consistent(claims: AccessTokenClaims, policy: &TrustPolicy) -> Result<AccessTokenClaims, Refusal> {
    if claims.iss != *policy.issuer.url() {
        return Err(Refusal::new(Reason::ClaimsMalformed, "iss is not the issuer whose key signed the token"));
    }
    if claims.sub != claims.client_id {
        let detail = format!("expected sub to be client_id {}, found {}", claims.client_id, claims.sub);
        return Err(Refusal::new(Reason::ClaimsMalformed, detail));
    }
    Ok(claims)
}

/// The claims, provided that they are meant for this API (RFC 9068 §4): a token for one API is no use at another.
fn for_this_api(claims: AccessTokenClaims, policy: &TrustPolicy) -> Result<AccessTokenClaims, Refusal> {
    if claims.aud == policy.audience {
        return Ok(claims);
    }
    let detail = format!("expected {}, found {}", policy.audience, claims.aud);
    Err(Refusal::new(Reason::AudienceMismatch, detail))
}

/// The claims, provided that they bind the token to no key of its sender: this release cannot check the proof, and a
/// bound token must never pass as a bearer token (RFC 9449 §7.1, RFC 8705 §3).
fn unconstrained(claims: AccessTokenClaims) -> Result<AccessTokenClaims, Refusal> {
    match claims.cnf {
        None => Ok(claims),
        Some(_) => Err(Refusal::new(Reason::SenderConstraintUnmet, "the token has a cnf claim")),
    }
}
