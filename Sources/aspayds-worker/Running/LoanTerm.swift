extension Settings {
    /// How long a replica lends a part of the rate at a time; nil where none is lent.
    ///
    /// Three heartbeats, so that one of them may be lost. A loan has to be over before the group can
    /// have missed the borrower and given its partitions away, so nothing is lent where heartbeats
    /// are slower than a fifth of the session timeout. Nor where members are static: one that comes
    /// back at once has its partitions, and has forgotten what it had lent out of them.
    var loanTerm: Duration? {
        let properties = kafka.properties
        guard properties["group.instance.id"] == nil else { return nil }
        let session = properties["session.timeout.ms"].flatMap { Int($0) }
        let sessionTimeout = session.map { .milliseconds($0) } ?? Self.defaultSessionTimeout
        return heartbeat * 5 <= sessionTimeout ? heartbeat * 3 : nil
    }

    /// Librdkafka's own.
    private static let defaultSessionTimeout = Duration.seconds(45)
}
