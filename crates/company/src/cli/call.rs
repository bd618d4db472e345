use super::Invocation;
use super::arguments::CallArguments;
use super::call_output::Answered;
use super::failure::Failure;
use super::partner_api::partner_api;
use crate::application::Application;
use crate::config::{ClientConfig, Configuration};
use crate::error::with_causes;
use bridge_client::{ApiRequest, CallError};
use bridge_types::{Audience, ScopeSet};
use bridge_validator::{Outbound as Target, TrustPolicy};
use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, HeaderName, HeaderValue};

/// Calls a partner's API as one of the own clients. Works beside a company that serves; the own issuer must be up.
pub(super) async fn run<A: Application>(invocation: &mut Invocation, arguments: CallArguments) -> Result<(), Failure> {
    let configuration = Configuration::load(&invocation.directory, &invocation.variables)?;
    let (policy, target) = partner(&configuration, &arguments)?;
    let client = client(&configuration, target, &arguments)?;
    let scopes = scopes(client, &target.audience, &arguments)?;
    let request = request(&arguments, scopes)?;

    let api = partner_api::<A>(invocation, &configuration.company, client, (policy, target)).await?;
    let answered = match api.send(request).await {
        Ok(response) => Answered::answer(response),
        Err(CallError::Unauthorized { refusal, .. } | CallError::Forbidden { refusal, .. }) => {
            Answered::refusal(&refusal)
        }
        Err(error) => return Err(Failure::failed(with_causes(&error))),
    };
    answered.print(&mut invocation.console, arguments.include)
}

/// The policy of the partner, and how it is called.
fn partner<'c>(
    configuration: &'c Configuration,
    arguments: &CallArguments,
) -> Result<(&'c TrustPolicy, &'c Target), Failure> {
    let wanted = arguments.partner.as_str();
    let policy = configuration.policies.iter().find(|policy| &*policy.partner == wanted).ok_or_else(|| {
        let known = configuration.policies.iter().map(|policy| &*policy.partner).collect::<Vec<_>>().join(", ");
        Failure::failed(format!("unknown partner: expected one of {known}, found {wanted}"))
    })?;
    let outbound = policy.outbound.as_ref().ok_or_else(|| no_outbound(policy))?;
    Ok((policy, outbound))
}

fn no_outbound(policy: &TrustPolicy) -> Failure {
    Failure::failed(format!("partners/{}.toml says no [outbound], so this company does not call it", policy.partner))
}

fn client<'c>(
    configuration: &'c Configuration,
    target: &Target,
    arguments: &CallArguments,
) -> Result<&'c ClientConfig, Failure> {
    let wanted = arguments.client.as_deref().unwrap_or(&target.client);
    configuration.clients.find(wanted).ok_or_else(|| {
        let known = configuration.clients.iter().map(|client| client.name.as_str()).collect::<Vec<_>>().join(", ");
        Failure::failed(format!("unknown client: expected one of {known}, found {wanted}"))
    })
}

fn scopes(client: &ClientConfig, audience: &Audience, arguments: &CallArguments) -> Result<ScopeSet, Failure> {
    if !arguments.scopes.is_empty() {
        let scopes: Result<ScopeSet, _> = arguments.scopes.iter().map(|scope| scope.as_str().try_into()).collect();
        return scopes.map_err(|error: bridge_types::Invalid| Failure::failed(error.to_string()));
    }
    match client.access.find(audience.as_str()) {
        Some((_, scopes)) => Ok(scopes.clone()),
        None => Err(Failure::failed(format!("clients/{}.toml has no [[access]] for {audience}", client.name))),
    }
}

fn request(arguments: &CallArguments, scopes: ScopeSet) -> Result<ApiRequest, Failure> {
    let bad = |what: &str, found: &str| Failure::failed(format!("{what}, found {found:?}"));
    let method = Method::from_bytes(arguments.method.to_uppercase().as_bytes())
        .map_err(|_| bad("expected an HTTP method", &arguments.method))?;
    let mut request = ApiRequest::new(method, arguments.path.clone(), scopes);
    let mut media_type = HeaderValue::from_static("application/json");
    for header in &arguments.headers {
        let (name, value) = header.split_once(':').ok_or_else(|| bad("expected a header as NAME: VALUE", header))?;
        let name: HeaderName = name.trim().parse().map_err(|_| bad("expected the name of a header", name))?;
        let value: HeaderValue = value.trim().parse().map_err(|_| bad("expected the value of a header", value))?;
        if name == CONTENT_TYPE {
            media_type = value;
        } else {
            request = request.header(name, value);
        }
    }
    match body(arguments)? {
        Some(body) => Ok(request.body(media_type, body)),
        None => Ok(request),
    }
}

fn body(arguments: &CallArguments) -> Result<Option<Vec<u8>>, Failure> {
    match &arguments.data {
        None => Ok(None),
        Some(data) => match data.strip_prefix('@') {
            None => Ok(Some(data.clone().into_bytes())),
            Some(file) => std::fs::read(file).map(Some).map_err(|error| Failure::failed(format!("{file}: {error}"))),
        },
    }
}
