// The technician's phone: the outbox that keeps what was done while offline.
