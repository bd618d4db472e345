//! The pages for whoever operates the company.

use crate::support::Stand;

#[actix_web::test]
async fn says_that_it_lives_and_is_ready_while_its_partner_is_away() {
    let stand = Stand::start().await;
    for (path, text) in [("/livez", "alive"), ("/readyz", "\"status\":\"ready\""), ("/metrics", "")] {
        let answer = stand.http.get(stand.operations(path)).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        assert!(answer.text().await.unwrap().contains(text), "{path}");
    }
    stand.company.stop().await;
}

#[actix_web::test]
async fn readiness_tells_which_policies_and_keys_are_in_use() {
    let stand = Stand::start().await;
    let readiness = stand.readiness().await;
    assert_eq!(readiness["company"], "notes");
    assert_eq!(readiness["database"], "ready");
    assert_eq!(readiness["configuration_errors"].as_array().map(Vec::len), Some(0));
    assert_eq!(readiness["policies"][0]["partner"], "partner");
    assert_eq!(readiness["policies"][0]["version"]["sequence"], 1);
    assert_eq!(readiness["keys"][0]["usable"], false);
    stand.company.stop().await;
}

#[actix_web::test]
async fn the_pages_are_on_no_other_listener() {
    let stand = Stand::start().await;
    for path in ["/livez", "/readyz", "/metrics"] {
        let at_issuer = format!("{}{path}", stand.addresses().issuer.url);
        for url in [stand.api(path), at_issuer] {
            let status = stand.http.get(&url).send().await.unwrap().status();
            assert!([401, 404].contains(&status.as_u16()), "{url}: {status}");
        }
    }
    stand.company.stop().await;
}

#[actix_web::test]
async fn a_page_from_elsewhere_that_was_pointed_at_this_machine_reads_nothing() {
    let stand = Stand::start().await;
    let port = stand.addresses().operations.address.port();
    let get = |path: &str, host: String| stand.http.get(stand.operations(path)).header("host", host).send();
    for path in ["/livez", "/readyz", "/metrics", "/none"] {
        let refused = get(path, format!("evil.example:{port}")).await.unwrap();
        assert_eq!(refused.status(), 421, "{path}");
        assert!(!refused.text().await.unwrap().contains("notes"), "{path}");
    }
    for host in ["localhost", "127.0.0.1", "[::1]"] {
        assert_eq!(get("/livez", format!("{host}:{port}")).await.unwrap().status(), 200, "{host}");
    }
    stand.company.stop().await;
}
