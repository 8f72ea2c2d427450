//! Who runs a command: the command line's authority, with the name for the audit log.

use crate::accounts::Operator;

/// The operator: whoever can read and write the data folder.
pub(super) fn operator() -> Operator {
    Operator::new(system_user())
}

/// The name of the system's user who runs the command, or their number if `/etc/passwd` has no name for it.
fn system_user() -> String {
    let number = rustix::process::getuid().as_raw();
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    name_in(&users, number).unwrap_or_else(|| format!("uid {number}"))
}

/// A line is `name:password:uid:…`. (`passwd(5)`)
fn name_in(users: &str, number: u32) -> Option<String> {
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let (name, uid) = (fields.next()?, fields.nth(1)?);
        (uid.parse() == Ok(number)).then(|| name.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_systems_user_is_found_by_number() {
        let users = "root:x:0:0:root:/root:/bin/bash\nbroken\nportero:x:998:998::/var/lib/portero:/usr/sbin/nologin\n";
        assert_eq!(name_in(users, 998).as_deref(), Some("portero"));
        assert_eq!(name_in(users, 99), None);
    }
}
