import Contract

/// Whether commands of a domain get on, and if not, why.
enum FlowState: Equatable {
    /// No replica has the role.
    case unattended
    /// The group has given no replica a partition yet.
    case unassigned
    case credentialsRefused
    case providerDown
    /// By an operator's order.
    case paused
    /// By `ASPAYDS_PAYOUTS`.
    case off
    case dryRun
    /// Ledgers are read, as a share of all that is to be read.
    case restoring(Double)
    case flowing
    case idle

    /// Whether commands should get on.
    var isOpen: Bool { [.flowing, .idle, .dryRun].contains(self) }
}

extension DomainFigures {
    /// Whether commands wait for good reason.
    var isKeptBack: Bool {
        breaker != nil || paused != nil || sending == "off" || restored != nil
    }
}

extension DomainOverview {
    /// What holds commands back comes first.
    var state: FlowState {
        if replicas == 0 { return .unattended }
        if let reason = total.breaker {
            return reason == "credentials" ? .credentialsRefused : .providerDown
        }
        if total.paused != nil { return .paused }
        if total.sending == "off" { return .off }
        if let read = total.restored, let all = total.toRestore, all > 0 {
            return .restoring(Double(read) / Double(all))
        }
        if total.partitions.isEmpty { return .unassigned }
        if total.sending == "dry-run" { return .dryRun }
        let isBusy = !rates.isEmpty || total.inFlight > 0 || (total.lag ?? 0) > 0
        return isBusy ? .flowing : .idle
    }
}
