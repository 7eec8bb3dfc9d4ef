import Contract
import Engine

/// The rate is shared with the other replicas: what they tell finds the engine, and what it tells
/// goes into the heartbeat.
extension CommandLoop {
    /// More names than these are forgotten; whoever is heard again has one again.
    private static let mostNames = 1000

    func joinOthers() {
        reporter?.ask(settings.domain) { [mailbox] in mailbox.post(.input(.beat)) }
        neighbours?.listen(for: settings.domain, in: settings.group) { [mailbox] in
            mailbox.post(.news)
        }
    }

    func leaveOthers() {
        reporter?.stopAsking(settings.domain)
        neighbours?.stopListening(for: settings.domain)
    }

    func hearNews(at now: Moment) {
        let me = settings.owner
        if names.count >= Self.mostNames { names = [:] }
        for news in neighbours?.takeNews(of: settings.domain) ?? [] {
            let other = LedgerIndex.hash(of: news.worker)
            names[other] = news.worker
            let notice = ShareNotice(news.share, for: me, engine.owner)
            engine.handle(.heard(notice, from: other), at: now)
        }
    }

    /// What a heartbeat tells of our part.
    func rateShare(_ notice: ShareNotice) -> RateShare {
        RateShare(
            group: settings.group,
            number: notice.number,
            base: notice.base,
            wants: notice.wants,
            loanTerm: notice.term.wholeNanoseconds / 1_000_000,
            loans: notice.loans.compactMap { loan in
                names[loan.to].map { .init(worker: $0, answers: loan.answers, part: loan.part) }
            }
        )
    }
}

extension ShareNotice {
    /// What another process has told, as far as it concerns this one.
    fileprivate init(_ share: RateShare, for worker: String, _ owner: UInt64) {
        self.init(
            number: share.number,
            base: share.base,
            wants: share.wants,
            term: .milliseconds(share.loanTerm),
            loans: share.loans.filter { $0.worker == worker }.map {
                Loan(to: owner, answers: $0.answers, part: $0.part)
            }
        )
    }
}
