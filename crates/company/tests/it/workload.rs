//! Clients that authenticate with the token of their platform: what their files must say.

use crate::support::{Directory, run};
use bridge_company::Exit;
use bridge_jose::Algorithm;
use bridge_testkit::TestIssuer;
use serde_json::Value;

const CLUSTER: &str = r#"platform = "kubernetes"
issuer = "https://kubernetes.default.svc.cluster.local"
keys = { jwks_file = "cluster.jwks.json" }
"#;

const POD: &str = r#"client_id = "pod"
credential = { token_file = "/var/run/secrets/tokens/bridge" }

[workload]
issuer = "cluster"

[workload.claims]
"/kubernetes.io/namespace" = "prod"
"/kubernetes.io/serviceaccount/name" = "orders"
"/kubernetes.io/serviceaccount/uid" = "6f1c"

[[access]]
audience = "https://api.example"
scopes = ["notes:read"]
"#;

fn directory() -> Directory {
    let directory = Directory::new();
    let cluster = TestIssuer::new("https://kubernetes.default.svc.cluster.local", Algorithm::Es256);
    directory.write("workload-issuers/cluster.jwks.json", &cluster.jwks());
    directory.write("workload-issuers/cluster.toml", CLUSTER);
    directory.write("clients/pod.toml", POD);
    directory
}

fn report(directory: &Directory) -> Value {
    let outcome = run(directory, &["config", "check", "--json"], &[]);
    serde_json::from_str(&outcome.stdout).unwrap_or_else(|error| panic!("{error}: {outcome:?}"))
}

#[test]
fn the_check_says_what_each_client_proves_itself_with() {
    let directory = directory();
    let report = report(&directory);
    assert_eq!(report["ok"], true, "{report:#}");
    let kind = |name: &str| {
        let credentials = report["credentials"].as_array().unwrap();
        credentials.iter().find(|found| found["client"] == name).unwrap()["kind"].clone()
    };
    assert_eq!((kind("pod"), kind("reader")), ("token_file".into(), "managed".into()));
    directory.edit("partners/partner.toml", "client = \"reader\"", "client = \"pod\"");
    assert_eq!(run(&directory, &["config", "check"], &[]).exit, Exit::Done, "such a client can call partners");
    directory.edit("clients/pod.toml", "{ token_file = \"/var/run/secrets/tokens/bridge\" }", "\"workload\"");
    assert_eq!(run(&directory, &["config", "check"], &[]).exit, Exit::Misconfigured, "one that runs elsewhere cannot");
}

#[test]
fn refuses_each_binding_that_is_not_one() {
    let (pod, cluster) = ("clients/pod.toml", "workload-issuers/cluster.toml");
    for (file, from, to, expected) in [
        (pod, "\"/kubernetes.io/serviceaccount/uid\" = \"6f1c\"\n", "", "kubectl get serviceaccount"),
        (pod, "\"/kubernetes.io/serviceaccount/uid\" = \"6f1c\"", "\"/aud\" = \"hunter2\"", "claims that tell"),
        (pod, "\"6f1c\"", "1.5", "workload.claims"),
        (pod, "\"/kubernetes.io/namespace\"", "\"kubernetes.io.namespace\"", "JSON pointer"),
        (pod, "issuer = \"cluster\"", "issuer = \"Hunter2 x\"", "without .toml"),
        (pod, "issuer = \"cluster\"", "issuer = \"other\"", "workload-issuers/other.toml"),
        (pod, "issuer = \"cluster\"", "issuer = \"cluster\"\nsender_constraint = \"dpop\"", "none"),
        (pod, "issuer = \"cluster\"", "issuer = \"cluster\"\nmax_token_lifetime = \"25h\"", "24h"),
        (pod, "issuer = \"cluster\"", "issuer = \"cluster\"\naudience = \"x\"", "max_token_lifetime"),
        (pod, "{ token_file = \"/var/run/secrets/tokens/bridge\" }", "\"managed\"", "[workload] with credential"),
        (cluster, "\"kubernetes\"", "\"spiffe\"", "trust_domain"),
        (cluster, "\"kubernetes\"", "\"nomad\"", "github-actions"),
        (cluster, "cluster.jwks.json", "none.json", "JWK set of the platform"),
        (cluster, "https://", "http://", "https URL"),
        (cluster, "keys = ", "algorithms = []\nkeys = ", "at least one"),
        (cluster, "keys = ", "algorithms = [\"HS256\"]\nkeys = ", "ES256"),
    ] {
        let directory = directory();
        directory.edit(file, from, to);
        let report = report(&directory);
        let said = report["errors"].to_string();
        assert!(report["ok"] == false && said.contains(expected), "{to}: {report:#}");
        assert!(!said.to_lowercase().contains("hunter2"), "{to}: {report:#}");
    }
    let directory = directory();
    directory.write(
        "workload-issuers/cluster.toml",
        "platform = \"spiffe\"\ntrust_domain = \"prod.example\"\nkeys = \"discover\"\n",
    );
    let said = report(&directory)["errors"].to_string();
    assert!(said.contains("bundle show"), "a trust bundle is configured, never discovered: {said}");
}
