use super::{Failure, Invocation};
use bridge_process::Outbound;
use bridge_process::config::Hosts;
use std::time::Duration;
use url::Url;

const PATIENCE: Duration = Duration::from_secs(2);

/// Asks the operations pages at the configured address, for probes that run a command.
pub(super) async fn run(invocation: &mut Invocation) -> Result<(), Failure> {
    let address = invocation.load()?.operations.value;
    if address.port() == 0 {
        return Err(Failure::Failed(
            "the operations port is 0: the address is known only to whoever read it at the start".into(),
        ));
    }
    let failed = |error: &dyn std::error::Error| {
        Failure::Failed(format!("no answer from {address}: {}", crate::error::with_causes(error)))
    };
    let url = Url::parse(&format!("http://{address}/readyz")).map_err(|error| failed(&error))?;
    let client =
        Outbound::new(Hosts::default()).client(&url, None).timeout(PATIENCE).build().map_err(|error| failed(&error))?;
    let answer = client.get(url).send().await.map_err(|error| failed(&error.without_url()))?;
    let ready = answer.status().is_success();
    let text = answer.text().await.map_err(|error| failed(&error.without_url()))?;
    invocation.print(text)?;
    if ready { Ok(()) } else { Err(Failure::Found) }
}
