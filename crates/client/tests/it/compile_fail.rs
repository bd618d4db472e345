/// A partner's issuer, or the address of its token endpoint, has no way into a token source.
#[test]
fn no_token_is_asked_of_a_partners_issuer() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/ui/*.rs");
}
