use bridge_testkit::{OpenBao, OpenBaoSetup};
use std::net::TcpStream;
use std::time::Duration;

#[test]
fn a_server_ends_with_its_value_and_left_no_root_token() {
    let setup = OpenBaoSetup::new().workload(
        "company-a",
        r#"path "transit/*" { capabilities = ["read"] }"#,
        Duration::from_mins(1),
    );
    let Some(mut bao) = OpenBao::start(&setup) else { return };
    let listens = |bao: &OpenBao| TcpStream::connect(bao.address().strip_prefix("https://").unwrap()).is_ok();
    assert!(listens(&bao));
    assert!(bao.log().contains("revoked lease: lease_id=auth/token/root/"), "{}", bao.log());
    bao.stop();
    assert!(!listens(&bao));
    bao.resume();
    assert!(listens(&bao));
}
