//! What is registered at the own issuer follows the files, whatever else is wrong.

use crate::support::{Notes, Stand, eventually, run_beside};
use bridge_client::{Credential, OutboundHttp, TokenError, TokenSource};
use bridge_company::Application;
use bridge_jose::{Algorithm, SigningKey, jwks_json};
use bridge_store::Database;
use bridge_testkit::TestCa;
use bridge_types::{OwnIssuer, SystemClock};
use serde_json::Value;
use std::sync::Arc;

/// A client that runs elsewhere, with a key pair of its own.
struct Reader(Credential);

const ACCESS: &str = "[[access]]\naudience = \"https://api.example\"\nscopes = [\"notes:read\"]\n";

fn managed(id: &str) -> String {
    format!("client_id = \"{id}\"\ncredential = \"managed\"\n{ACCESS}")
}

impl Reader {
    /// A company in whose files it stands.
    async fn start() -> (Self, Stand) {
        let key = SigningKey::generate(Algorithm::Es256).unwrap();
        let stand = Stand::start_in(&TestCa::new(), |directory| {
            let client = format!("client_id = \"elsewhere\"\ncredential = {{ jwks_file = \"k.json\" }}\n{ACCESS}");
            directory.write("clients/elsewhere.toml", &client);
            directory.write("clients/k.json", &jwks_json([key.public()]));
        })
        .await;
        (Self(Credential::new("elsewhere".parse().unwrap(), key)), stand)
    }

    /// Whether the issuer gives it a token now.
    async fn gets_a_token(&self, stand: &Stand) -> bool {
        let ca = std::fs::read(stand.directory.file("tls/ca.pem")).unwrap();
        let authority = reqwest::Certificate::from_pem(&ca).unwrap();
        let http = OutboundHttp::new(reqwest::Client::builder().tls_certs_only([authority])).unwrap();
        let issuer = OwnIssuer::new(stand.addresses().issuer.url.clone());
        let tokens = TokenSource::new(issuer, self.0.clone(), http, Arc::new(SystemClock::new()));
        match tokens.token(&"https://api.example".parse().unwrap(), &"notes:read".parse().unwrap()).await {
            Ok(_) => true,
            Err(TokenError::Refused(outage)) if outage.cause().to_string().contains("invalid_client") => false,
            Err(error) => panic!("{error}"),
        }
    }
}

async fn errors(stand: &Stand) -> Value {
    stand.readiness().await["configuration_errors"].clone()
}

#[actix_web::test]
async fn a_deleted_client_gets_no_token_although_a_new_one_cannot_be_registered() {
    let (reader, stand) = Reader::start().await;
    assert!(reader.gets_a_token(&stand).await);
    let url = format!("sqlite:{}", stand.directory.file("notes.db").display()).parse().unwrap();
    let database = Database::open(&url, &Notes::migrations(), Arc::new(SystemClock::new())).await.unwrap();
    // No key can be made from now on, as on a full disk.
    let full = "CREATE TRIGGER full BEFORE INSERT ON keys BEGIN SELECT RAISE(ABORT, 'disk full'); END";
    let mut write = database.write().await.unwrap();
    sqlx::query(full).execute(write.connection()).await.unwrap();
    write.commit().await.unwrap();

    stand.directory.write("clients/another.toml", &managed("another"));
    stand.directory.remove("clients/elsewhere.toml");
    eventually("the refusal", async || (!reader.gets_a_token(&stand).await).then_some(())).await;
    let complaint = eventually("the complaint", async || {
        let errors = errors(&stand).await;
        errors[0]["file"].as_str().is_some_and(|file| file.ends_with("clients/another.toml")).then_some(errors)
    })
    .await;
    assert!(complaint[0]["what"].as_str().unwrap().contains("no key pair"), "{complaint}");

    let mut write = database.write().await.unwrap();
    sqlx::query("DROP TRIGGER full").execute(write.connection()).await.unwrap();
    write.commit().await.unwrap();
    let mended = async || (errors(&stand).await == Value::Array(Vec::new())).then_some(());
    eventually("another try, without an edit", mended).await;
    stand.company.stop().await;
}

#[actix_web::test]
async fn a_deleted_client_gets_no_token_although_two_files_fight_for_an_id() {
    let (reader, stand) = Reader::start().await;
    stand.directory.write("clients/alpha.toml", &managed("alpha"));
    stand.directory.write("clients/zeta.toml", &managed("zeta"));
    eventually("both", async || {
        let keys = run_beside(&stand, &["keys", "list"]).await.stdout;
        (keys.contains("client alpha") && keys.contains("client zeta")).then_some(())
    })
    .await;
    // The file that comes first by name takes the id that another has had all along.
    stand.directory.write("clients/alpha.toml", &managed("zeta"));
    stand.directory.remove("clients/elsewhere.toml");
    eventually("the refusal", async || (!reader.gets_a_token(&stand).await).then_some(())).await;
    let errors = errors(&stand).await;
    assert!(errors[0]["file"].as_str().unwrap().ends_with("clients/alpha.toml"), "{errors}");
    assert!(errors[0]["found"].as_str().unwrap().ends_with("zeta.toml"), "{errors}");
    stand.company.stop().await;
}
