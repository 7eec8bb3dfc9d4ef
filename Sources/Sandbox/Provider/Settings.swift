extension Provider {
    /// What may be changed while the provider runs.
    struct Settings: Sendable, Equatable {
        /// Name and meaning of each, for the help text and the check of names.
        static let manual = [
            ("duplicates", "what a duplicate comes to: create, reject, replay"),
            ("latency_ms", "how long every answer takes"),
            ("process_after_ms", "a payout is processing after so long; null: by hand"),
            ("complete_after_ms", "it is completed after so long more; null: by hand"),
            ("payout_methods", "how many of its payout methods it lists"),
            ("webhook_attempts", "how often a webhook is sent until it is answered 2xx"),
            ("webhook_retry_ms", "the pause after the first attempt; it doubles each time"),
        ]

        var duplicates: SandboxConfiguration.Duplicates
        var latency: Duration
        var schedule: Schedule
        var retries: Mail.Retries
        var payoutMethods = PayoutMethod.all.count

        init(_ configuration: SandboxConfiguration) {
            duplicates = configuration.duplicates
            latency = configuration.latency
            schedule = Schedule(
                processAfter: configuration.processAfter,
                completeAfter: configuration.completeAfter
            )
            retries = Mail.Retries(
                attempts: configuration.webhookAttempts,
                pause: configuration.webhookRetry
            )
        }

        /// As `GET /_sandbox/settings` shows them.
        var json: JSON {
            [
                "duplicates": .string(duplicates.rawValue),
                "latency_ms": .integer(latency.inMilliseconds),
                "process_after_ms": .optional(schedule.processAfter),
                "complete_after_ms": .optional(schedule.completeAfter),
                "payout_methods": .integer(payoutMethods),
                "webhook_attempts": .integer(retries.attempts),
                "webhook_retry_ms": .integer(retries.pause.inMilliseconds),
            ]
        }

        /// Changes what the object names; all or nothing.
        mutating func change(_ json: JSON) throws(InvalidInput) {
            var changed = self
            var fields = try Fields(json, place: "", names: Self.manual.map(\.0))
            let words = SandboxConfiguration.Duplicates.allCases.map(\.rawValue)
            let duplicates = fields.choice("duplicates", words)
            if let duplicates = duplicates.flatMap(SandboxConfiguration.Duplicates.init) {
                changed.duplicates = duplicates
            }
            fields.duration("latency_ms") { changed.latency = $0 ?? .zero }
            fields.duration("process_after_ms") { changed.schedule.processAfter = $0 }
            fields.duration("complete_after_ms") { changed.schedule.completeAfter = $0 }
            if let count = fields.integer("payout_methods", 1...PayoutMethod.all.count) {
                changed.payoutMethods = count
            }
            if let attempts = fields.integer("webhook_attempts", 1...20) {
                changed.retries.attempts = attempts
            }
            fields.duration("webhook_retry_ms") { changed.retries.pause = $0 ?? .zero }
            try fields.check()
            self = changed
        }
    }
}

extension Fields {
    /// Milliseconds, if the member is there; null is none.
    fileprivate mutating func duration(_ name: String, _ take: (Duration?) -> Void) {
        if isNull(name) { return take(nil) }
        if let number = integer(name, 0...60_000) { take(.milliseconds(number)) }
    }
}

extension JSON {
    /// Whole milliseconds, or null.
    fileprivate static func optional(_ duration: Duration?) -> JSON {
        duration.map { .integer($0.inMilliseconds) } ?? .null
    }
}
