use crate::{OWN, stand};

#[test]
fn a_process_of_the_same_user_reads_nothing_of_the_company() {
    stand::assert_guarded(OWN, env!("CARGO_BIN_EXE_company-a"));
}
