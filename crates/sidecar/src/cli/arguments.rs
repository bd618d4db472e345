use clap::{Parser, Subcommand};
use std::path::PathBuf;

/// Lets an application in any language call partners without a credential of its own.
#[derive(Debug, Parser)]
#[command(name = "bridge-sidecar", version, subcommand_required = true, arg_required_else_help = true)]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub(super) command: Command,
    /// The configuration file
    #[arg(long, global = true, value_name = "FILE", default_value = "sidecar.toml")]
    pub(super) config: PathBuf,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Run the sidecar
    Serve,
    /// Make the client's key if there is none, and print its public half, a JWK set, for the issuer's operator
    Register {
        /// Make the next key beside the present one, and print both public halves
        #[arg(long, conflicts_with = "activate")]
        next: bool,
        /// Put the next key in the place of the present one, once the issuer knows it
        #[arg(long)]
        activate: bool,
    },
    /// Validate the configuration and the credential, and get each token once; exit code 1 when the issuer gives none
    Check,
    /// Ask the sidecar that runs whether it is ready; exit code 1 when it is not
    Health,
}
