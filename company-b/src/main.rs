//! The command `company-b`.

use company_b::CompanyB;
use std::process::ExitCode;

fn main() -> ExitCode {
    bridge_company::run::<CompanyB>()
}
