import Engine
internal import OrderedCollections

/// What must not be left at the end: liveness.
extension Books {
    /// A command that has not ended, if there is one: liveness.
    var unfinished: RecordID? {
        // The one of the last time is likely to be one still.
        if !isUnfinished(lastUnfinished) {
            guard let next = pages.indices.first(where: isUnfinished) else { return nil }
            lastUnfinished = next
        }
        return world.commands[lastUnfinished].id
    }

    private func isUnfinished(_ number: Int) -> Bool {
        let page = pages[number]
        if page.final != nil { return false }
        let command = world.commands[number]
        if command.root != nil || command.isHint { return false }
        guard let key = command.key, let attempt = page.suspendedAt, let account = accounts[key]
        else { return true }
        return !account.isAccepted && !account.needsReview && account.refusedAttempt < attempt
    }

    /// A reference of which it was not said what became of it, if there is one: liveness.
    var untold: ReferenceKey? {
        // The one of the last time is likely to be one still.
        if lastUntold >= accounts.count || !isUntold(lastUntold) {
            guard let next = accounts.keys.indices.first(where: isUntold) else { return nil }
            lastUntold = next
        }
        return accounts.keys[lastUntold]
    }

    /// A reference in review of which a person has decided in time, for nothing: liveness.
    var disobeyed: ReferenceKey? {
        let window = (world.plan.sendDeadline + world.plan.settleWindow) / 1_000_000
        return world.decisions.first { entry in
            let decision = entry.decision
            guard let account = accounts[entry.reference], account.state == .review,
                account.attempt == decision.attempt,
                !obeyed.contains(decision.number)
            else { return false }
            return decision.verdict == .done || decision.at >= account.inDoubtSince + window
        }?.reference
    }

    private func isUntold(_ index: Int) -> Bool {
        let (key, account) = accounts.elements[index]
        guard account.isAccepted, !account.isClosedByHand, account.progress != .overdue,
            account.progress != .disputed, !world.provider.isPoison(key)
        else { return false }
        let ends = world.provider.ends(of: key)
        return !ends.isEmpty && !ends.contains { EventKind($0) == account.progress }
    }
}
