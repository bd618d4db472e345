use crate::Surroundings;
use crate::console;
use crate::error::CannotRun;
use crate::side::{Pair, Side};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The package of the sidecar, and its binary.
const SIDECAR: &str = "bridge-sidecar";

/// What a run starts.
#[derive(Debug)]
pub(crate) struct Binaries {
    /// The companies.
    pub(crate) companies: Pair<PathBuf>,
    /// The sidecar, which is the same for both.
    pub(crate) sidecar: PathBuf,
}

/// Builds both companies and the sidecar beside the runner and gives their binaries.
///
/// The same packages, profile and target directory as the runner's own build are named, so that nothing is built a
/// second time with other features. Without cargo, the binaries that lie beside the runner are taken as they are.
pub(crate) fn build(surroundings: &Surroundings) -> Result<Binaries, CannotRun> {
    let beside = surroundings.executable.parent().unwrap_or(Path::new("."));
    if let Some(cargo) = &surroundings.cargo {
        console::doing("building both companies and the sidecar");
        let status = command(cargo, &surroundings.workspace, beside).status();
        let status = status.map_err(CannotRun::system(format!("run {}", cargo.display())))?;
        if !status.success() {
            return Err(CannotRun::Build(format!("cargo ended with {status}")));
        }
    }
    let binary = |name: &str| {
        let binary = beside.join(name);
        let missing = || CannotRun::Build(format!("{} is not there; run this through cargo", binary.display()));
        if binary.is_file() { Ok(binary.clone()) } else { Err(missing()) }
    };
    Ok(Binaries { companies: Pair::try_new(|side| binary(side.name()))?, sidecar: binary(SIDECAR)? })
}

fn command(cargo: &Path, workspace: &Path, beside: &Path) -> Command {
    let mut command = Command::new(cargo);
    command.current_dir(workspace).args(["build", "--quiet", "--package", "bridge-scenarios"]);
    for package in Side::BOTH.map(Side::name).into_iter().chain([SIDECAR]) {
        command.args(["--package", package]);
    }
    match beside.file_name().and_then(|name| name.to_str()) {
        None | Some("debug") => {}
        Some(profile) => drop(command.args(["--profile", profile])),
    }
    if let Some(target) = beside.parent() {
        command.arg("--target-dir").arg(target);
    }
    command
}

#[cfg(test)]
mod tests {
    use super::command;
    use std::path::Path;

    fn arguments(beside: &str) -> String {
        let command = command(Path::new("cargo"), Path::new("."), Path::new(beside));
        command.get_args().map(|argument| argument.to_string_lossy()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn builds_with_the_profile_and_target_directory_of_the_runner() {
        let packages =
            "build --quiet --package bridge-scenarios --package company-a --package company-b --package bridge-sidecar";
        assert_eq!(arguments("/t/debug"), format!("{packages} --target-dir /t"));
        assert_eq!(arguments("/t/release"), format!("{packages} --profile release --target-dir /t"));
    }
}
