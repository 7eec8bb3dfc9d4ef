extension LedgerRecord {
    /// That an order may be sent from now on.
    package struct Intent: Sendable, Equatable {
        /// The domain.
        package var domain: Domain
        /// The reference, as it was written.
        package var reference: String
        /// Counts from 1.
        package var attempt: Int
        /// What the order was.
        package var fingerprint: Fingerprint
        /// How many events the reference has had.
        package var sequence: Int
        /// The consumer group; another one here means two deployments share a ledger.
        package var group: String
        /// The worker that wrote it.
        package var owner: String
        /// Counts what this owner has written.
        package var number: UInt64
        /// When, in milliseconds since 1970.
        package var at: Int64
        /// The command, and where it was read first.
        package var command: Event.Origin
        /// Where it was read in its home partition: elsewhere, if it was forwarded.
        package var offset: Int64
        /// What an answer is compared with later.
        package var order: OrderDetails
        /// The operator's decision that has let it be sent; on none but a released attempt.
        package var decision: Decision?

        package init(
            domain: Domain,
            reference: String,
            attempt: Int,
            fingerprint: Fingerprint,
            sequence: Int,
            group: String,
            owner: String,
            number: UInt64,
            at: Int64,
            command: Event.Origin,
            offset: Int64,
            order: OrderDetails
        ) {
            self.domain = domain
            self.reference = reference
            self.attempt = attempt
            self.fingerprint = fingerprint
            self.sequence = sequence
            self.group = group
            self.owner = owner
            self.number = number
            self.at = at
            self.command = command
            self.offset = offset
            self.order = order
        }
    }

    /// What became of an attempt.
    package struct Outcome: Sendable, Equatable {
        /// The domain.
        package var domain: Domain
        /// The reference, as it was written.
        package var reference: String
        /// The attempt of the intent.
        package var attempt: Int
        /// What the order was, so that a duplicate is told from a conflict.
        package var fingerprint: Fingerprint
        /// The command, and where it was read first.
        package var command: Event.Origin
        /// Where it was read in its home partition.
        package var offset: Int64
        /// What is known.
        package var state: State
        /// How many events the reference has had.
        package var sequence: Int
        /// The worker that wrote it.
        package var owner: String
        /// Counts what this owner has written.
        package var number: UInt64
        /// When, in milliseconds since 1970.
        package var at: Int64
        /// When the attempt's first doubt began, when what is followed was accepted, or since when a
        /// person has to look at it: milliseconds since 1970.
        package var since: Int64?
        /// By what it is known again, for what is changed or disputed: a hash of what was found.
        package var finding: UInt64?
        /// Whether its event is still to be published; a second record says that it was.
        package var isUnannounced = false
        /// What an answer is compared with later; while more may become of it.
        package var order: OrderDetails?
        /// The provider's id.
        package var providerID: String?
        /// Why.
        package var reason: Event.Reason?
        /// What is known of a doubt.
        package var evidence: Evidence?
        /// The operator's decision that led to it.
        package var decision: Decision?
        /// The event as it was published, so that a duplicate can be answered again.
        package var event: Event?

        /// An outcome; what does not apply is set on none.
        package init(
            domain: Domain,
            reference: String,
            attempt: Int,
            fingerprint: Fingerprint,
            command: Event.Origin,
            offset: Int64,
            state: State,
            sequence: Int,
            owner: String,
            number: UInt64,
            at: Int64
        ) {
            self.domain = domain
            self.reference = reference
            self.attempt = attempt
            self.fingerprint = fingerprint
            self.command = command
            self.offset = offset
            self.state = state
            self.sequence = sequence
            self.owner = owner
            self.number = number
            self.at = at
        }
    }
}
