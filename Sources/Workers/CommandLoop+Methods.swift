import Aspayds
import Contract
import Engine
import Kafka
import Logging
import Telemetry

/// The payout methods: payouts are judged by them, and changes are told.
extension CommandLoop {
    /// What is against an order, by what the provider has said last.
    func objection(to command: Command) -> Event.Reason? {
        guard case .requestPayout(let payout) = command.body else { return nil }
        return methods.known(at: Clock.uptime)?.objection(to: payout)
    }

    /// Notes what the provider lists; whoever owns the first partition tells of a change.
    ///
    /// The worker of the payments reads it too when its breaker asks, and has no use for it.
    func learn(_ methods: PayoutMethods, at now: Moment) {
        guard settings.domain == .payout else { return }
        self.methods.learn(methods, at: now.uptime)
        guard leases[0] != nil, methods != toldMethods else { return }
        toldMethods = methods
        var batch = Outgoing()
        batch.add(
            .methods,
            events.methods(methods, at: now.wallClock).encoded(),
            topic: settings.topics.events(of: settings.domain)
        )
        send(batch)
        logger.info("payout methods are known", metadata: ["count": .number(methods.list.count)])
    }

    /// The harmless read has told no methods: an old list must not stand in the way of payouts.
    func forgetOldMethods(at now: Moment) {
        guard methods.forgetOld(at: now.uptime) else { return }
        logger.warning("the payout methods could not be refreshed; the provider judges payouts")
    }
}
