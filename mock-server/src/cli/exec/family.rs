//! A command and all processes that it started.
//!
//! The command gets its own process group, so that all of it can be stopped. On a terminal it does
//! not: only the terminal's foreground group may read from it, and Ctrl-C has to reach both.

use crate::cli::exec::signals::Signal;
use tokio::process::{Child, Command};

/// How a command will be started.
pub struct Prepared {
    #[cfg(unix)]
    has_own_group: bool,
}

/// A running command and its descendants.
pub struct Family {
    #[cfg(unix)]
    unix: unix::Family,
    #[cfg(not(unix))]
    id: Option<u32>,
}

impl Family {
    /// Prepares a command before it is started.
    pub fn prepare(command: &mut Command) -> Prepared {
        #[cfg(unix)]
        {
            let has_own_group = unix::prepare(command);
            Prepared { has_own_group }
        }
        #[cfg(not(unix))]
        {
            let _ = command;
            Prepared {}
        }
    }
}

impl Prepared {
    /// The family of the started command.
    pub fn of(self, child: &Child) -> Family {
        #[cfg(unix)]
        {
            Family {
                unix: unix::Family::new(child.id(), self.has_own_group),
            }
        }
        #[cfg(not(unix))]
        {
            Family { id: child.id() }
        }
    }
}

#[cfg(unix)]
impl Family {
    /// Passes a signal on to the command.
    pub fn pass_on(&self, signal: Signal) {
        self.unix.pass_on(signal);
    }

    /// Asks all processes to stop.
    pub fn ask_to_end(&self) {
        self.unix.ask_to_end();
    }

    /// Kills all processes.
    pub fn kill(&self) {
        self.unix.kill();
    }

    /// Whether any process is alive. The command itself must have been waited for.
    pub fn is_alive(&self) -> bool {
        self.unix.is_alive()
    }

    /// Kills what is left after the command has ended.
    pub fn end_the_rest(&self) {
        self.unix.end_the_rest();
    }
}

#[cfg(not(unix))]
impl Family {
    /// Does nothing: the console sends Ctrl-C to the command directly.
    pub fn pass_on(&self, _: Signal) {}

    /// Kills all processes, because Windows has no way to ask them.
    pub fn ask_to_end(&self) {
        self.kill();
    }

    /// Kills all processes.
    pub fn kill(&self) {
        if let Some(id) = self.id {
            let id = id.to_string();
            // Discard its output, which would mix with the command's.
            let _ = std::process::Command::new("taskkill")
                .args(["/T", "/F", "/PID", &id])
                .stdout(std::process::Stdio::null())
                .stderr(std::process::Stdio::null())
                .status();
        }
    }

    /// Always false: without process groups, remaining processes cannot be found.
    pub fn is_alive(&self) -> bool {
        false
    }

    /// Does nothing: without process groups, remaining processes cannot be found.
    pub fn end_the_rest(&self) {}
}

#[cfg(unix)]
mod unix {
    use super::Signal;
    use rustix::process::{Pid, Signal as Sent, getpgrp, getpid, kill_process};
    use rustix::process::{kill_process_group, test_kill_process_group};
    use std::collections::HashSet;
    use tokio::process::Command;

    /// How often to look again after killing, because processes may have started others meanwhile.
    const ROUNDS: usize = 20;

    pub struct Family {
        leader: Option<Pid>,
        has_own_group: bool,
    }

    /// Gives the command its own process group, unless it is started from a terminal; returns
    /// whether it did.
    pub fn prepare(command: &mut Command) -> bool {
        let terminal = rustix::termios::tcgetpgrp(std::io::stdin());
        let has_own_group = terminal.ok() != Some(getpgrp());
        if has_own_group {
            command.process_group(0);
        }
        // Orphaned descendants become children of this process, so that they can still be found.
        #[cfg(target_os = "linux")]
        let _ = rustix::process::set_child_subreaper(Some(getpid()));
        has_own_group
    }

    impl Family {
        pub fn new(id: Option<u32>, has_own_group: bool) -> Self {
            let leader = id.and_then(|id| i32::try_from(id).ok());
            Self {
                leader: leader.and_then(Pid::from_raw),
                has_own_group,
            }
        }

        pub fn pass_on(&self, signal: Signal) {
            let Some(leader) = self.leader else {
                return;
            };
            let sent = match signal {
                Signal::HangUp => Sent::HUP,
                Signal::Interrupt => Sent::INT,
                Signal::Quit => Sent::QUIT,
                Signal::Terminate => Sent::TERM,
                Signal::User1 => Sent::USR1,
                Signal::User2 => Sent::USR2,
            };
            let by_keyboard = matches!(signal, Signal::Interrupt | Signal::Quit);
            // A terminal sends these to its whole foreground group. If the command is in that
            // group, it already has the signal; if it has its own group, the whole group should get
            // it.
            let _ = match (by_keyboard, self.has_own_group) {
                (true, false) => Ok(()),
                (true, true) => kill_process_group(leader, sent),
                (false, _) => kill_process(leader, sent),
            };
        }

        pub fn ask_to_end(&self) {
            self.send(Sent::TERM);
            // A stopped process handles a signal only once it continues.
            self.send(Sent::CONT);
        }

        pub fn kill(&self) {
            for _ in 0..ROUNDS {
                if !self.send(Sent::KILL) {
                    break;
                }
            }
        }

        pub fn is_alive(&self) -> bool {
            // A group whose last members are zombies still counts as alive.
            if cfg!(target_os = "linux") {
                return !descendants().is_empty();
            }
            let group = self.leader.filter(|_| self.has_own_group);
            group.is_some_and(|group| test_kill_process_group(group).is_ok())
        }

        pub fn end_the_rest(&self) {
            match self.leader {
                Some(leader) if self.has_own_group => {
                    let _ = kill_process_group(leader, Sent::KILL);
                }
                _ => {
                    let own = getpgrp();
                    let rest = descendants().into_iter().filter(|it| it.group == own);
                    for process in rest {
                        let _ = kill_process(process.id, Sent::KILL);
                    }
                }
            }
        }

        /// Sends a signal to all processes; returns whether there were any.
        fn send(&self, signal: Sent) -> bool {
            // The leader first, so that it does not replace a child that has ended.
            let by_group = match self.leader {
                Some(leader) if self.has_own_group => kill_process_group(leader, signal).is_ok(),
                Some(leader) => kill_process(leader, signal).is_ok(),
                None => false,
            };
            let group = self.leader.filter(|_| self.has_own_group);
            let others = descendants().into_iter();
            // One signal each: some programs abort their cleanup on a second one.
            let others = others.filter(|it| Some(it.group) != group && Some(it.id) != self.leader);
            others.fold(by_group, |any, it| {
                kill_process(it.id, signal).is_ok() || any
            })
        }
    }

    struct Process {
        id: Pid,
        parent: Option<Pid>,
        group: Pid,
    }

    /// The living descendants of this process, on systems with `/proc`.
    fn descendants() -> Vec<Process> {
        let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
        let ids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        let all: Vec<Process> = ids.filter_map(process).collect();
        let mut family = HashSet::from([getpid()]);
        // Parents may be listed after their children.
        loop {
            let known = family.len();
            let children = all
                .iter()
                .filter(|it| it.parent.is_some_and(|parent| family.contains(&parent)));
            let children: Vec<Pid> = children.map(|it| it.id).collect();
            family.extend(children);
            if family.len() == known {
                break;
            }
        }
        family.remove(&getpid());
        let found = all.into_iter().filter(|it| family.contains(&it.id));
        found.collect()
    }

    /// Reads `/proc/{id}/stat` (`4711 (name) S 1 4711 …`, where the name may contain parentheses
    /// and spaces); `None` if the process has ended.
    fn process(id: i32) -> Option<Process> {
        let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
        let (_, rest) = stat.rsplit_once(')')?;
        let mut fields = rest.split_whitespace();
        let state = fields.next()?;
        let parent = Pid::from_raw(fields.next()?.parse().ok()?);
        let group = Pid::from_raw(fields.next()?.parse().ok()?)?;
        (!matches!(state, "Z" | "X")).then_some(Process {
            id: Pid::from_raw(id)?,
            parent,
            group,
        })
    }
}
