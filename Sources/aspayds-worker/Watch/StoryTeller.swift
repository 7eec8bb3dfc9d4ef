import Contract
import Kafka

/// Tells the story of one reference: what there is of it in all topics, then what comes.
struct StoryTeller {
    /// What is asked for.
    struct Request {
        let reference: String
        /// Whether to begin with what there is.
        let fromBeginning: Bool
        /// Whether to go on with what comes.
        let follow: Bool
        let timeout: Duration?
        /// The number of ended commands at which to end.
        let untilFinal: Int?
    }

    private let request: Request
    private let settings: Settings
    private let print: (StyledLine) -> Void
    private var story = Story()
    private var text: StoryText

    init(_ request: Request, _ settings: Settings, print: @escaping (StyledLine) -> Void) {
        self.request = request
        self.settings = settings
        self.print = print
        text = StoryText(reference: request.reference)
    }

    /// Tells it.
    ///
    /// - Throws: A `Failure` also when nothing is known, or not enough commands have ended in time.
    mutating func tell() async throws(Failure) {
        let deadline = request.timeout.map { ContinuousClock.now + $0 }
        let reader = StoryReader(
            Topics(prefix: settings.topicPrefix),
            reference: request.reference
        )
        let start = request.fromBeginning ? Position.beginning : Position.end
        var scan = try TopicScan(
            try await partitions().map { Position(topicPartition: $0, offset: start) },
            settings
        )
        // Whoever may not read one of the topics hears the rest.
        scan.skipsUnreadable = true
        if request.fromBeginning {
            try await scan.readToEnd { if let entry = reader.entry($0) { story.add(entry) } }
            try await tellWhatThereIs()
        }
        if request.follow, !isEnough {
            let time = deadline.map { max(.zero, $0 - .now) }
            _ = try await scan.follow(for: time) { record in
                if let entry = reader.entry(record) { goOn(entry) }
                return isEnough
            }
        }
        await scan.close()
        if let count = request.untilFinal, !isEnough {
            throw Failure("\(story.ended.count) of \(count) commands ended in time")
        }
    }

    private var isEnough: Bool { request.untilFinal.map { story.ended.count >= $0 } ?? false }

    private func partitions() async throws(Failure) -> [TopicPartition] {
        let topics = Topics(prefix: settings.topicPrefix)
        let names =
            Domain.allCases.flatMap { [topics.commands(of: $0), topics.events(of: $0)] }
            + [topics.notifications, topics.webhooks, topics.deadLetters]
        return try await KafkaAccess.partitions(names, settings)
    }

    // MARK: What there is

    private mutating func tellWhatThereIs() async throws(Failure) {
        let histories = await histories()
        for (domain, history) in histories {
            for line in history.lines {
                if let entry = StoryEntry(line, of: domain) { story.add(entry) }
            }
        }
        guard !story.entries.isEmpty || request.follow else {
            throw Failure("nothing is known of \(printable(request.reference)); is it spelt right?")
        }
        for chapter in story.chapters {
            for entry in chapter { tell(entry) }
            let domain = chapter.first?.domain
            var standing = Standing.of(
                request.reference,
                domain,
                chapter,
                domain.flatMap { histories[$0] },
                at: Moment.now
            )
            if standing.isUnanswered, let domain, let order = await pause(of: domain) {
                standing = Standing(paused: order, domain, at: Moment.now)
            }
            for line in StoryText.lines(standing) { print(line) }
        }
        if story.omitted > 0 {
            Terminal.complain("\(story.omitted) hints and repeated commands are left out")
        }
    }

    /// What the ledger says of it, by domain; whoever may not read it hears what events say.
    private func histories() async -> [Domain: History] {
        let domains = Domain.allCases.filter { Reference.isValid(request.reference, $0) }
        guard !domains.isEmpty else { return [:] }
        do throws(Failure) {
            let view = try await LedgerView(.reference(request.reference), of: domains, settings)
            await view.close()
            return view.book.histories.reduce(into: [:]) { $0[$1.key.domain] = $1.value }
        } catch {
            Terminal.complain("warning: the ledger cannot be read: \(error.message ?? "-")")
            return [:]
        }
    }

    /// The order to pause; whoever may not read orders does without.
    private func pause(of domain: Domain) async -> StandingOrder? {
        do throws(Failure) { return try await ControlDesk(settings).pause(of: domain) } catch {
            Terminal.complain(
                "warning: whether \(domain.plural) are paused is not known: "
                    + (error.message ?? "-")
            )
            return nil
        }
    }

    // MARK: What comes

    private mutating func goOn(_ entry: StoryEntry) {
        guard story.add(entry) else { return }
        tell(entry)
        guard entry.event == .needsReview else { return }
        let standing = Standing.of(request.reference, entry.domain, [entry], nil, at: Moment.now)
        for line in StoryText.lines(standing) { print(line) }
    }

    private mutating func tell(_ entry: StoryEntry) {
        for line in text.lines(entry) { print(line) }
    }
}
