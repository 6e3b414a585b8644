//! How many connections the system lets the product have: every one is an open file.

/// Left for databases, logs and what libraries open.
const RESERVE: u64 = 256;

/// How many connections of each kind fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    pub http: usize,
    pub mqtt: usize,
}

/// Raises the soft limit of open files as far as the hard one allows, and shares what there is between `wanted`.
pub fn make_room(wanted: Room) -> Room {
    let Some(files) = raise() else { return wanted };
    let room = share(files, wanted);
    if room != wanted {
        tracing::warn!(
            files,
            http = room.http,
            mqtt = room.mqtt,
            "the limit of open files limits the connections"
        );
    }
    room
}

/// People get a quarter at most: devices are more.
fn share(files: u64, wanted: Room) -> Room {
    let free = usize::try_from(files.saturating_sub(RESERVE)).unwrap_or(usize::MAX);
    let http = wanted.http.min((free / 4).max(64));
    Room { http, mqtt: wanted.mqtt.min(free.saturating_sub(http).max(64)) }
}

#[cfg(unix)]
fn raise() -> Option<u64> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    if limit.current != limit.maximum
        && let Err(error) = setrlimit(Resource::Nofile, raised)
    {
        tracing::warn!(%error, "the limit of open files cannot be raised");
        return limit.current;
    }
    limit.maximum
}

#[cfg(not(unix))]
fn raise() -> Option<u64> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_fit_into_the_files_there_are() {
        let wanted = Room { http: 4_096, mqtt: 50_000 };
        assert_eq!(share(1_048_576, wanted), wanted);
        assert_eq!(share(1_024, wanted), Room { http: 192, mqtt: 576 });
        assert_eq!(share(100, wanted), Room { http: 64, mqtt: 64 });
    }
}
