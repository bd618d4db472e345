//! The command `company-a`.

use company_a::CompanyA;
use std::process::ExitCode;

fn main() -> ExitCode {
    bridge_company::run::<CompanyA>()
}
