//! How many connections there are, in all and from one address. Who finds no seat is turned away before it costs more
//! than the accept.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};

use super::limits::Limits;

#[derive(Debug)]
pub(super) struct Seats {
    limits: Limits,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// A connection's place; free again when this is dropped.
#[derive(Debug)]
pub(super) struct Seat {
    seats: Arc<Seats>,
    address: IpAddr,
}

impl Seats {
    pub(super) fn new(limits: Limits) -> Arc<Self> {
        Arc::new(Self {
            limits,
            taken: Mutex::default(),
        })
    }

    /// A seat for somebody at `address`, if there is one.
    pub(super) fn take(self: &Arc<Self>, address: IpAddr) -> Option<Seat> {
        let address = neighbourhood(address);
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let own = taken.by_address.get(&address).copied().unwrap_or(0);
        if taken.all >= self.limits.connections || own >= self.limits.connections_per_address {
            return None;
        }
        taken.all += 1;
        taken.by_address.insert(address, own + 1);
        Some(Seat {
            seats: Arc::clone(self),
            address,
        })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.seats.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.all -= 1;
        if let Some(own) = taken.by_address.get_mut(&self.address) {
            *own -= 1;
            if *own == 0 {
                taken.by_address.remove(&self.address);
            }
        }
    }
}

/// One customer of IPv6 has a /64 to choose addresses from.
fn neighbourhood(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seats() -> Arc<Seats> {
        Seats::new(Limits {
            connections: 3,
            connections_per_address: 2,
            ..Limits::default()
        })
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn one_address_gets_its_share_and_all_together_no_more_than_there_is() {
        let seats = seats();
        let _first = seats.take(address("10.0.0.1")).unwrap();
        let second = seats.take(address("10.0.0.1")).unwrap();
        assert!(seats.take(address("10.0.0.1")).is_none());
        assert!(
            seats.take(address("::ffff:10.0.0.1")).is_none(),
            "the same in IPv6"
        );
        let _third = seats.take(address("10.0.0.2")).unwrap();
        assert!(seats.take(address("10.0.0.3")).is_none());
        drop(second);
        assert!(
            seats.take(address("10.0.0.1")).is_some(),
            "a seat that was left is free"
        );
    }

    #[test]
    fn neighbours_in_one_network_of_ipv6_share() {
        let seats = seats();
        let _held = [
            seats.take(address("2001:db8::1")).unwrap(),
            seats.take(address("2001:db8::ffff:2")).unwrap(),
        ];
        assert!(seats.take(address("2001:db8::3")).is_none());
        assert!(seats.take(address("2001:db8:0:1::3")).is_some());
    }

    #[test]
    fn nothing_is_remembered_of_who_has_left() {
        let seats = seats();
        drop(seats.take(address("10.0.0.1")));
        assert!(seats.taken.lock().unwrap().by_address.is_empty());
    }
}
